-- What was used by local day, client and model: in the window (now), or before it.
create or replace temp table standing_cell as
select
    hour >= $start as now, account, day, client, provider, model,
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
    sum(unmeasured_calls)::bigint as unmeasured_calls,
    bool_or(origin = 'simulated-rollup') as simulated
from rollup_hour
where hour >= $before and hour < $end
group by all
