-- Sessions by hour that differ from their calls, either way.
with counted as (
    select
        hour, day, account, client, session_number(c.session) as session,
        c.session as name, count(*) as calls,
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
    from current_call c
    group by hour, day, account, client, c.session
)
select hour, account, client
from (
    (select * from counted except all select * from rollup_session)
    union all
    (select * from rollup_session except all select * from counted)
)
order by all
