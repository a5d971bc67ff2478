-- Of the days that a window cuts, the part that lies in it.
create or replace temp view standing_edge as
select d.side, d.place, d.day, c.* exclude (piece)
from standing_cut c join standing_edge_day d using (piece)
