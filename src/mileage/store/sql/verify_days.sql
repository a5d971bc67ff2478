with counted as (
    select
        day, account, client, count(distinct session) as sessions, count(*) as calls,
        sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input)::bigint as tokens
    from current_call
    group by day, account, client
),
kept as (
    select day, account, client, sessions, calls, tokens
    from rollup_day
    where origin = 'calls'
)
select day, account, client
from (
    (select * from counted except select * from kept)
    union all
    (select * from kept except select * from counted)
)
order by all
