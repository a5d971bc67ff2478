select
    session, client, min(occurred_at) as first,
    count(*) as calls,
    sum(input)::bigint as input,
    sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write,
    sum(cache_write_1h)::bigint as cache_write_1h,
    sum(output)::bigint as output,
    sum(reasoning)::bigint as reasoning,
    sum(tool_input)::bigint as tool_input,
    sum(cost)::bigint as cost,
    count(*) filter (where cost is null and measure = '') as unpriced_calls,
    count(*) filter (where measure = 'unmeasured') as unmeasured_calls
from current_call
where account = $account and hour >= $start and hour < $end
group by session, client
order by sum(input + cache_read + cache_write + cache_write_1h + output + reasoning + tool_input) desc, session
