select source, sum(records)::bigint as records
from rejection
group by source
order by source
