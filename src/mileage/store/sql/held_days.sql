-- What is kept of one account's use, a day and client, whatever became of the calls.
select
    day, client,
    sum(calls)::bigint as calls,
    sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input)::bigint as tokens,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls
from hours_of($account, $until, $changed::bigint[])
group by day, client
order by day, client
