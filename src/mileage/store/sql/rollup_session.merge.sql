-- Adds the plain calls of one append.
merge into rollup_session r using (
    select * replace (session_number(name) as session)
    from (
        select
            hour, day, account, client, 0::ubigint as session, session as name,
            count(*) as calls,
            sum(input)::bigint as input,
            sum(cache_read)::bigint as cache_read,
            sum(cache_write)::bigint as cache_write,
            sum(cache_write_1h)::bigint as cache_write_1h,
            sum(output)::bigint as output,
            sum(reasoning)::bigint as reasoning,
            sum(tool_input)::bigint as tool_input,
            sum(cost)::bigint as cost,
            count(*) filter (where cost is null) as unpriced_calls
        from plain_call
        where seq = $seq
        group by hour, day, account, client, plain_call.session
    )
) n on
    r.hour = n.hour and r.account = n.account and r.client = n.client
    and r.session = n.session
when matched then update set
    calls = r.calls + n.calls,
    input = r.input + n.input,
    cache_read = r.cache_read + n.cache_read,
    cache_write = r.cache_write + n.cache_write,
    cache_write_1h = r.cache_write_1h + n.cache_write_1h,
    output = r.output + n.output,
    reasoning = r.reasoning + n.reasoning,
    tool_input = r.tool_input + n.tool_input,
    cost = coalesce(r.cost + n.cost, r.cost, n.cost),
    unpriced_calls = r.unpriced_calls + n.unpriced_calls
when not matched then insert (
    hour, day, account, client, session, name, calls, input, cache_read, cache_write,
    cache_write_1h, output, reasoning, tool_input, cost, unpriced_calls,
    unmeasured_calls
) values (
    n.hour, n.day, n.account, n.client, n.session, n.name, n.calls, n.input,
    n.cache_read, n.cache_write, n.cache_write_1h, n.output, n.reasoning, n.tool_input,
    n.cost, n.unpriced_calls, 0
)
