-- Every day of an account, whole or cut, in the window or before it.
create or replace temp table standing_side as
select * exclude (number), number as account
from standing_use
where day >= $first::date and day <= $last::date and day not in (select unnest($cut::date[]))
union all by name
select * exclude (now, number), number as account from standing_edge where now = $now
