select utc_hour, count(*) as witnesses
from plain_call
group by utc_hour
order by utc_hour
