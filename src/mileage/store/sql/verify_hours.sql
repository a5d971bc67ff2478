-- Roll-ups by hour that differ from their calls, either way.
with counted as (
    select
        hour, account, client, provider, model,
        count(*) as calls,
        sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input)::bigint as tokens,
        coalesce(sum(cost), 0)::bigint as cost,
        count(*) filter (where attended) as attended_calls,
        count(*) filter (where not attended) as unattended_calls,
        count(*) filter (where differs <> '') as differing_calls
    from current_call
    group by hour, account, client, provider, model
),
kept as (
    select
        hour, account, client, provider, model, calls,
        input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input as tokens,
        coalesce(cost, 0) as cost, attended_calls, unattended_calls,
        differing_calls
    from rollup_hour
    where origin = 'calls'
)
select hour, account, client, model
from (
    (select * from counted except select * from kept)
    union all
    (select * from kept except select * from counted)
)
order by all
