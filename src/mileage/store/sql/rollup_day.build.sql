-- From ``current_call``, of which only this is read: to plan all of its columns takes
-- twice as long.
insert into rollup_day by name
select
    'calls' as origin, day, account, client,
    count(distinct session) as sessions,
    count(*) as calls,
    sum(
        input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input
    )::bigint as tokens,
    sum(cost)::bigint as cost,
    count(*) filter (where cost is null and measure = '') as unpriced_calls
from (
    select
        day, account, client, session, input, cache_read, cache_write, cache_write_1h,
        output, reasoning, tool_input, cost, measure
    from joined_call c
    anti join superseded s on s.call_id = c.call_id and s.seq > c.seq
    union all
    select
        day, account, client, session, input, cache_read, cache_write, cache_write_1h,
        output, reasoning, tool_input, cost, '' as measure
    from plain_call
)
where (day, account) in (
    select (d, a) from (
        select unnest($days::date[]) as d, unnest($accounts::varchar[]) as a
    )
)
group by day, account, client
