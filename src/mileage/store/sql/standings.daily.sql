select day, sum(tokens)::bigint
from standing_side
group by day
