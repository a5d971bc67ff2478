-- One row an hour, so that no text becomes too long.
select sha256(string_agg(own_id::varchar, chr(10) order by own_id))
from activity
where day < $day
group by hour
order by hour
