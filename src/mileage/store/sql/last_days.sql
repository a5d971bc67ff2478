-- When each account was last seen, by client.
select account, client, min(day) as first, max(day) as last, count(*) as days
from rollup_day
where origin <> 'simulated-rollup'
group by account, client
order by account, client
