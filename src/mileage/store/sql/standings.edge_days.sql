-- Which piece of a day each side that is made now has.
create or replace temp view standing_edge_day as
select d.side, d.place, d.day, p.piece
from standing_day d semi join standing_window using (side)
join standing_piece p on
    p.day = d.day
    and p.since is not distinct from d.since and p.until is not distinct from d.until
where d.cut
