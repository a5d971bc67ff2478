-- $days are the local days of the window, and of the one before.
create or replace temp table standing_sessions as
with called as (
    select hour >= $start as now, account, count(distinct (client, session)) as sessions
    from rollup_session
    where hour >= $before and hour < $end
    group by all
),
simulated as (
    select true as now, account, sum(sessions) as sessions
    from rollup_day
    where origin <> 'calls' and day >= $first_day and day <= $last_day
    group by all
    union all
    select false as now, account, sum(sessions) as sessions
    from rollup_day
    where origin <> 'calls' and day >= $first_day_before and day <= $last_day_before
    group by all
)
select now, account, sum(sessions)::bigint as sessions
from (select * from called union all select * from simulated)
group by all
