-- Every metric (``domain.measured``) of whose standings are stale, on every side.
create or replace temp table standing_found as
with used as (
    select
        side, number,
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
        sum(cost::hugeint * cost) as squares,
        count(*) filter (where tokens > 0) as active_days,
        bool_or(simulated) as simulated
    from standing_used
    group by side, number
),
run as (
    select
        side, number,
        place - row_number() over (partition by side, number order by place) as began
    from standing_used
    where tokens > 0
),
longest as (
    select side, number, max(days) as streak
    from (select side, number, began, count(*) as days from run group by all)
    group by side, number
),
even as (
    select
        side, number,
        count(distinct client) as clients,
        count(distinct model) as models,
        100 * sum(cost)::hugeint * sum(cost)
        // nullif(sum(cost::hugeint * cost), 0) as even_tools,
        -- domain.measured.saved_by_caches
        sum(gain * cost // nullif(paid, 0))::bigint as saved
    from standing_pair
    group by side, number
)
select
    side, number, a.account, u.calls, u.unpriced_calls, u.unmeasured_calls,
    u.attended_calls, u.unattended_calls,
    u.input, u.cache_read, u.cache_write, u.cache_write_1h, u.output, u.reasoning,
    u.tool_input, u.tokens, u.cost, e.saved,
    coalesce(s.sessions, 0) as sessions, e.models, e.clients, u.active_days,
    coalesce(l.streak, 0) as streak,
    case when u.cost is not null then coalesce(
        100 * u.cost::hugeint * u.cost // nullif(u.squares, 0), 0
    ) end::bigint as even_days,
    case when u.cost is not null then coalesce(e.even_tools, 0) end::bigint as even_tools,
    coalesce(
        u.cache_read::hugeint * 10000
        // nullif(u.tokens - u.output - u.reasoning, 0),
        0
    )::bigint as cache_share,
    u.simulated
from used u
join even e using (side, number)
left join longest l using (side, number)
join standing_account a using (number)
left join standing_sessions s using (side, number)
