-- Every day, whole or cut, of whose standings are stale, on every side.
create or replace temp table standing_used as
select d.side, d.place, u.*
from standing_use u
join standing_day d using (day)
join standing_stale s on s.side = d.side - d.side % 2 and s.number = u.number
where not d.cut
union all by name
select e.*
from standing_edge e
join standing_stale s on s.side = e.side - e.side % 2 and s.number = e.number
