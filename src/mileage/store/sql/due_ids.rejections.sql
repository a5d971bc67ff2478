select sha256(string_agg(
    day || chr(9) || source || chr(9) || reason || chr(9) || account, chr(10)
    order by day, source, reason, account
))
from rejection
where day < $day
group by day
order by day
