-- Adds the plain calls of one append; before ``rollup_session.merge``.
merge into rollup_day r using (
    with came as (
        select
            day, account, client, count(*) as calls,
            sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
                + tool_input)::bigint as tokens,
            sum(cost)::bigint as cost,
            count(*) filter (where cost is null) as unpriced_calls
        from plain_call
        where seq = $seq
        group by all
    ),
    met as (
        select day, account, client, session_number(session) as session
        from (
            select distinct day, account, client, session from plain_call
            where seq = $seq
        )
    ),
    opened as (
        select day, account, client, count(*) as sessions
        from met anti join rollup_session using (day, account, client, session)
        group by all
    )
    select came.*, coalesce(sessions, 0) as sessions
    from came left join opened using (day, account, client)
) n on
    r.origin = 'calls' and r.day = n.day and r.account = n.account
    and r.client = n.client
when matched then update set
    sessions = r.sessions + n.sessions,
    calls = r.calls + n.calls,
    tokens = r.tokens + n.tokens,
    cost = coalesce(r.cost + n.cost, r.cost, n.cost),
    unpriced_calls = r.unpriced_calls + n.unpriced_calls
when not matched then insert (
    origin, day, account, client, sessions, calls, tokens, cost, unpriced_calls
) values (
    'calls', n.day, n.account, n.client, n.sessions, n.calls, n.tokens, n.cost,
    n.unpriced_calls
)
