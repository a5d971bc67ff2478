insert into standing_touched
select day, number
from (from standing_mark where day in (select unnest($days::date[]))) n
full join standing_mark_before o using (day, number)
where n.signature is distinct from o.signature
