select
    source, sum(visible)::bigint, sum(duplicates)::bigint, sum(rejected)::bigint,
    sum(ignored)::bigint
from tally
group by source
order by source
