-- The stale standings of some accounts in all windows, with the values of the
-- periods before.
insert into standing_row by name
with models as (
    select side, number, list(model order by tokens desc, model) as models
    from (select side, number, model, sum(tokens) as tokens from standing_pair group by all)
    where side % 2 = 0 and number between $first and $last
    group by side, number
),
clients as (
    select side, number, list(client order by tokens desc, client) as clients
    from (select side, number, client, sum(tokens) as tokens from standing_pair group by all)
    where side % 2 = 0 and number between $first and $last
    group by side, number
),
daily as (
    -- Sorted afterwards: aggregates that sort take twice as long.
    select side, number, list_sort(days) as days, list_select(tokens, list_grade_up(days)) as tokens
    from (
        select side, number, list(place::smallint) as days, list(tokens) as tokens
        from standing_used
        where tokens > 0 and side % 2 = 0 and number between $first and $last
        group by side, number
    )
)
select
    m.side,
    m.account as account_id,
    m.calls, m.input, m.cache_read, m.cache_write, m.cache_write_1h, m.output,
    m.reasoning, m.tool_input, m.cost, m.unpriced_calls, m.unmeasured_calls,
    m.sessions, m.attended_calls, m.unattended_calls, models.models,
    clients.clients, m.active_days,
    coalesce(daily.days, []) as used_days,
    coalesce(daily.tokens, []) as used_tokens,
    (w."last" - w."first" + 1)::smallint as day_count,
    m.simulated, m."values", coalesce(b."values", []) as before
from standing_measured m
join standing_window w using (side)
join models using (side, number)
join clients using (side, number)
left join standing_measured b on b.side = m.side + 1 and b.number = m.number
left join daily using (side, number)
where m.number between $first and $last
