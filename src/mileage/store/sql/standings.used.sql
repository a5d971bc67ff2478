-- Every day, whole or cut, of whose standings are stale, on every side.
create or replace temp table standing_used as
select d.side, d.place, u.*
from standing_use u
join standing_day d using (day)
join standing_again s on s.side = d.side and s.number = u.number
where not d.cut
union all by name
select e.*
from standing_edge e join standing_again using (side, number)
