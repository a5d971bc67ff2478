-- When an account was booked witnesses, whoever stands behind it.
select utc_hour, count(*) as witnesses
from witness
where account = $account
group by utc_hour
order by utc_hour
