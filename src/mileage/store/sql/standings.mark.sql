insert into standing_mark
select day, number, sum(signature)
from standing_source join standing_account using (account)
where day in (select unnest($days::date[]))
group by day, number
