-- Activities of which some versions go, and some stay.
create temp table told_again as
select distinct own_id
from activity
where day >= $day and own_id in (select own_id from activity where day < $day)
