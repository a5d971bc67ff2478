create or replace temp table standing_sessions as
with asked as (
    select w.*, number, account
    from standing_window w
    join standing_again using (side)
    join standing_account using (number)
),
called as (
    select side, number, count(distinct (client, session)) as sessions
    from rollup_session r
    join asked a on r.account = a.account and r.hour >= a."start" and r.hour < a."end"
    group by all
),
simulated as (
    select side, number, sum(sessions) as sessions
    from rollup_day r
    join asked a on r.account = a.account and r.day >= a."first" and r.day <= a."last"
    where origin <> 'calls'
    group by all
)
select side, number, sum(sessions)::bigint as sessions
from (select * from called union all select * from simulated)
group by all
