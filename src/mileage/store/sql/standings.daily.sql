select day, sum(tokens)::bigint
from standing_day
where now
group by day
