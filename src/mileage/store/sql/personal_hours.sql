select
    day, hour, client, model, bool_or(origin = 'simulated-rollup') as simulated,
    coalesce(sum(attended_calls) filter (where origin = 'calls'), 0)::bigint as attended,
    coalesce(sum(unattended_calls) filter (where origin = 'calls'), 0)::bigint
        as unattended,
    coalesce(sum(differing_calls) filter (where origin = 'calls'), 0)::bigint
        as differing,
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
from hours_of($account, $until, $changed::bigint[])
where hour >= $start and hour < $end
group by day, hour, client, model
order by hour, client, model
