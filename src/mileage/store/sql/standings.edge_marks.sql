-- What tells whether the parts of days in a window, or in the one before, are as they
-- were.
create or replace temp table standing_edge_mark as
select d.side - d.side % 2 as side, m.number, sum(hash(d.side, d.place, m.signature)) as signature
from standing_cut_mark m
join standing_edge_day d using (piece)
group by all
