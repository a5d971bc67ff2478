create or replace temp table standing_cut as
select
    piece, number,
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
    sum(attended_calls)::bigint as attended_calls,
    sum(unattended_calls)::bigint as unattended_calls,
    bool_or(simulated) as simulated,
    sum(tokens)::bigint as tokens
from standing_cut_tool
group by piece, number
