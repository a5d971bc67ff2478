-- What some accounts used by local day, as the ledger told it at some append. Hours
-- without calls behind them count as they stand. $start and $end are UTC seconds.
with used as (
    select
        account, day, 1 as calls,
        input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
        cost, (cost is null and measure = '')::integer as unpriced_calls,
        (measure = 'unmeasured')::integer as unmeasured_calls
    from call_as_of($seq)
    where
        hour >= $start and hour < $end
        and account in (select unnest($accounts::varchar[]))
    union all
    select
        account, day, calls,
        input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
        cost, unpriced_calls, unmeasured_calls
    from rollup_hour
    where
        origin <> 'calls' and hour >= $start and hour < $end
        and account in (select unnest($accounts::varchar[]))
)
select
    account, day, sum(calls)::bigint,
    sum(input)::bigint, sum(cache_read)::bigint, sum(cache_write)::bigint,
    sum(cache_write_1h)::bigint, sum(output)::bigint, sum(reasoning)::bigint,
    sum(tool_input)::bigint, sum(cost)::bigint, sum(unpriced_calls)::bigint,
    sum(unmeasured_calls)::bigint
from used
group by account, day
order by account, day
