-- How many calls an account has of one origin, by hour.
select hour, sum(calls)::bigint as calls
from rollup_hour
where account = $account and origin = $origin
group by hour
