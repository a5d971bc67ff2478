-- The first and the last call that each source told of in the appends after one.
select source, min(first), max(last)
from presence
where seq > $seq and seq <= $until
group by source
