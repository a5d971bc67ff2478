-- One row an hour, so that no text becomes too long.
select sha256(string_agg(call_id, chr(10) order by call_id))
from current_call
where day < $day
group by hour
order by hour
