-- Sessions by hour that differ from their calls, either way.
with counted as (
    select distinct hour, account, client, session_number(session) as session
    from current_call
),
kept as (
    select hour, account, client, session from rollup_session
)
select hour, account, client
from (
    (select * from counted except all select * from kept)
    union all
    (select * from kept except all select * from counted)
)
order by all
