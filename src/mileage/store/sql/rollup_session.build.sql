-- From ``current_call``, of which only this is read: to plan all of its columns takes
-- twice as long.
insert into rollup_session by name
select
    hour, any_value(day) as day, account, client, session_number(name) as session, name,
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
from (
    select
        hour, day, account, client, session as name, input, cache_read, cache_write,
        cache_write_1h, output, reasoning, tool_input, cost, measure
    from joined_call c
    anti join superseded s on s.call_id = c.call_id and s.seq > c.seq
    union all
    select
        hour, day, account, client, session as name, input, cache_read, cache_write,
        cache_write_1h, output, reasoning, tool_input, cost, '' as measure
    from plain_call
)
where (hour, account) in (
    select (h, a) from (
        select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
    )
)
group by hour, account, client, name
