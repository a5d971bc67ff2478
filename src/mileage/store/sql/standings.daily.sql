select side, day, sum(tokens)::bigint
from standing_used
where side % 2 = 0
group by side, day
