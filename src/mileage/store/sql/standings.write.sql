-- The standings of a window, in the order of accounts; $days are its local days.
copy (
    with model_of as (
        select account, model, sum(tokens) as tokens from standing_pair group by all
    ),
    client_of as (
        select account, client, sum(tokens) as tokens from standing_pair group by all
    ),
    models as (
        select account, list(model order by tokens desc, model) as models
        from model_of group by account
    ),
    clients as (
        select account, list(client order by tokens desc, client) as clients
        from client_of group by account
    ),
    daily as (
        select
            account,
            list(date_diff('day', $first_day::date, day)::smallint order by day) as days,
            list(tokens order by day) as tokens
        from standing_side where tokens > 0
        group by account
    )
    select
        m.account as account_id,
        coalesce(c.name, m.account) as name,
        coalesce(c.kind, 'unclaimed') as kind,
        coalesce(c.department, '') as department,
        coalesce(c.team, '') as team,
        coalesce(c.role, '') as role,
        m.calls, m.input, m.cache_read, m.cache_write, m.cache_write_1h, m.output,
        m.reasoning, m.tool_input, m.cost, m.unpriced_calls, m.unmeasured_calls,
        m.sessions, m.attended_calls, m.unattended_calls, models.models,
        clients.clients, m.active_days,
        coalesce(daily.days, []) as used_days,
        coalesce(daily.tokens, []) as used_tokens,
        $day_count::smallint as day_count,
        m.simulated, v."values", coalesce(b."values", []) as before,
        coalesce(c.titles, []) as titles,
        coalesce(c.tier, '') as tier
    from standing_now m
    join standing_account a using (account)
    join models on models.account = a.number
    join clients on clients.account = a.number
    join standing_values v on v.account = m.account
    left join standing_values_before b on b.account = m.account
    left join daily on daily.account = a.number
    left join standing_chart c on c.account = m.account
    order by account_id
) to $path (format parquet, compression zstd, row_group_size 8192)
