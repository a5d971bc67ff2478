-- What the appends after one did, by source.
select
    source, sum(visible)::bigint, sum(duplicates)::bigint, sum(rejected)::bigint,
    sum(ignored)::bigint
from tally
where seq > $seq and seq <= $until
group by source
