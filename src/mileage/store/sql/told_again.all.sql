-- Activities of which several versions stand here.
create temp table told_again as
select own_id from activity group by own_id having count(*) > 1
