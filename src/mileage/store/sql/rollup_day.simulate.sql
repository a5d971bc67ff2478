insert into rollup_day by name
select
    origin,
    day,
    account,
    client,
    greatest(
        ceil(count(*) / $hours_of_session),
        round_even(sum(calls) / $calls_of_session, 0)
    )::bigint as sessions,
    sum(calls)::bigint as calls,
    sum(tokens)::bigint as tokens,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls
from (
    select
        origin,
        day,
        account,
        client,
        hour,
        sum(calls) as calls,
        sum(
            input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input
        ) as tokens,
        sum(cost) as cost,
        sum(unpriced_calls) as unpriced_calls
    from rollup_hour
    where origin = 'simulated-rollup'
    group by origin, day, account, client, hour
)
group by origin, day, account, client
