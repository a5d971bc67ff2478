-- Every metric of every account (``domain.measured``), in the window or before it.
create or replace temp table standing_measured as
with used as (
    select
        account,
        sum(calls)::bigint as calls,
        sum(unpriced_calls)::bigint as unpriced_calls,
        sum(unmeasured_calls)::bigint as unmeasured_calls,
        sum(attended_calls)::bigint as attended_calls,
        sum(unattended_calls)::bigint as unattended_calls,
        sum(input)::bigint as input,
        sum(cache_read)::bigint as cache_read,
        sum(cache_write)::bigint as cache_write,
        sum(cache_write_1h)::bigint as cache_write_1h,
        sum(output)::bigint as output,
        sum(reasoning)::bigint as reasoning,
        sum(tool_input)::bigint as tool_input,
        sum(tokens)::bigint as tokens,
        sum(cost)::bigint as cost,
        sum(tokens::hugeint * tokens) as squares,
        count(*) filter (where tokens > 0) as active_days,
        bool_or(simulated) as simulated
    from standing_side
    group by account
),
run as (
    select account, day - row_number() over (partition by account order by day)::integer as began
    from standing_side
    where tokens > 0
),
longest as (
    select account, max(days) as streak
    from (select account, began, count(*) as days from run group by all)
    group by account
),
even as (
    select
        account,
        count(distinct client) as clients,
        count(distinct model) as models,
        100 * sum(tokens)::hugeint * sum(tokens)
        // nullif(sum(tokens::hugeint * tokens), 0) as even_tools
    from standing_pair
    group by account
)
select
    u.account, u.calls, u.unpriced_calls, u.unmeasured_calls,
    u.attended_calls, u.unattended_calls,
    u.input, u.cache_read, u.cache_write, u.cache_write_1h, u.output, u.reasoning,
    u.tool_input, u.tokens, u.cost, (
        -- domain.measured.saved_by_caches
        (90 * u.cache_read::hugeint - 25 * u.cache_write - 100 * u.cache_write_1h) * u.cost
        // nullif(
            100 * u.input::hugeint + 10 * u.cache_read + 125 * u.cache_write
            + 200 * u.cache_write_1h + 500 * u.output + 500 * u.reasoning
            + 100 * u.tool_input,
            0
        )
    )::bigint as saved,
    coalesce(s.sessions, 0) as sessions, e.models, e.clients, u.active_days,
    coalesce(l.streak, 0) as streak,
    coalesce(
        100 * u.tokens::hugeint * u.tokens // nullif(u.squares, 0), 0
    )::bigint as even_days,
    coalesce(e.even_tools, 0)::bigint as even_tools,
    coalesce(
        u.cache_read::hugeint * 10000
        // nullif(u.tokens - u.output - u.reasoning, 0),
        0
    )::bigint as cache_share,
    u.simulated
from used u
join even e using (account)
left join longest l using (account)
join standing_account a on a.number = u.account
left join standing_sessions s on s.account = a.account and s.now = $now
