-- Hours in which an account called a model: how many calls somebody attended, of how
-- many nothing is said, and how many sessions they were of.
with used as (
    select
        hour,
        sum(calls)::bigint as calls,
        sum(attended_calls)::bigint as attended,
        sum(calls - attended_calls - unattended_calls)::bigint as unsaid
    from hours_of($account, $until, $changed::bigint[])
    where hour >= $start and hour < $end
    group by hour
),
met as (
    select hour, count(*) as sessions
    from sessions_of($account, $until, $changed::bigint[])
    where hour >= $start and hour < $end
    group by hour
)
select hour, calls, attended, unsaid, coalesce(sessions, 0) as sessions
from used left join met using (hour)
order by hour
