select side, day, sum(tokens)::bigint
from (
    select d.side, u.day, u.tokens
    from standing_use u join standing_day d using (day)
    semi join standing_window using (side)
    where not d.cut and d.side % 2 = 0
    union all
    select e.side, e.day, p.tokens
    from standing_edge_day e join standing_piece_tokens p using (piece)
    where e.side % 2 = 0
)
group by side, day
