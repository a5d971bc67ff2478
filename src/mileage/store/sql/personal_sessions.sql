-- The largest sessions of an account, and how many there are.
select
    count(*) over () as sessions, name as session, client, min(hour) as hour,
    sum(calls)::bigint as calls,
    sum(input)::bigint as input,
    sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write,
    sum(cache_write_1h)::bigint as cache_write_1h,
    sum(output)::bigint as output,
    sum(reasoning)::bigint as reasoning,
    sum(tool_input)::bigint as tool_input,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls,
    sum(unmeasured_calls)::bigint as unmeasured_calls
from sessions_of($account, $until, $changed::bigint[])
where hour >= $start and hour < $end
group by name, client
order by
    sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input) desc,
    name, client
limit $most
