-- Adds up one day, of which there is nothing yet.
insert into rollup_session by name
select
    hour, any_value(day) as day, account, client, session_number(session) as session,
    session as name, count(*) as calls,
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
where day = $day
group by hour, account, client, current_call.session
order by hour
