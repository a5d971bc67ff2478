-- Every day of an account, whole or cut, on every side.
create or replace temp view standing_used as
select d.side, d.place, u.*
from standing_use u join standing_day d using (day)
where not d.cut
union all by name
select * from standing_edge
