-- What every account used by day and tool: of a window as it was told then and as it is
-- told now, and of the period before it as told then; of some accounts at a time. Hours without calls behind them
-- (simulated ones, and those whose calls were deleted) count as they stand.
with told as (
    select 'then' as side, * from call_as_of($seq)
    where hour >= $start and hour < $until
        and account >= $from_account and ($to_account is null or account < $to_account)
    union all by name
    select 'before' as side, * from call_as_of($seq)
    where hour >= $before and hour < $start
        and account >= $from_account and ($to_account is null or account < $to_account)
    union all by name
    select 'now' as side, * from call_as_of($last)
    where hour >= $start and hour < $until
        and account >= $from_account and ($to_account is null or account < $to_account)
),
lasting as (
    select * from rollup_hour
    where origin <> 'calls' and hour >= $before and hour < $until
        and account >= $from_account and ($to_account is null or account < $to_account)
),
counted as (
    select
        account, side, day, client, model, 1 as calls,
        input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
        cost, (cost is null and measure = '')::integer as unpriced_calls,
        (measure = 'unmeasured')::integer as unmeasured_calls,
        coalesce(attended, false)::integer as attended_calls,
        (not coalesce(attended, true))::integer as unattended_calls,
        false as simulated
    from told
    union all
    select
        account, unnest(if(hour < $start, ['before'], ['then', 'now'])) as side, day,
        client, model, calls,
        input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
        cost, unpriced_calls, unmeasured_calls, attended_calls, unattended_calls,
        origin = 'simulated-rollup' as simulated
    from lasting
)
select
    account, side, day, client, model,
    sum(calls)::bigint, sum(input)::bigint, sum(cache_read)::bigint,
    sum(cache_write)::bigint, sum(cache_write_1h)::bigint, sum(output)::bigint,
    sum(reasoning)::bigint, sum(tool_input)::bigint, sum(cost)::bigint,
    sum(unpriced_calls)::bigint, sum(unmeasured_calls)::bigint,
    sum(attended_calls)::bigint, sum(unattended_calls)::bigint, bool_or(simulated)
from counted
group by account, side, day, client, model
order by account, side, day, client, model
