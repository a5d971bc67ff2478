select side, day, sum(tokens)::bigint
from (
    select d.side, u.day, u.tokens
    from standing_use u join standing_day d using (day)
    semi join standing_window using (side)
    where not d.cut and d.side % 2 = 0
    union all
    select side, day, tokens from standing_edge where side % 2 = 0
)
group by side, day
