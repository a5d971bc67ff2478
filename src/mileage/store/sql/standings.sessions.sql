create or replace temp table standing_sessions as
with called as (
    select side, account, count(distinct (client, session)) as sessions
    from rollup_session join standing_window on hour >= "start" and hour < "end"
    group by all
),
simulated as (
    select side, account, sum(sessions) as sessions
    from rollup_day join standing_window on day >= "first" and day <= "last"
    where origin <> 'calls'
    group by all
)
select side, account, sum(sessions)::bigint as sessions
from (select * from called union all select * from simulated)
group by all
