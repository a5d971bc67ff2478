select utc_hour, count(*) as witnesses
from joined_witness
group by utc_hour
order by utc_hour
