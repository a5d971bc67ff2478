-- One row an account. $start and $end are UTC seconds on the zone's hours.
with part as (
    select *, input + cache_read + cache_write + cache_write_1h + output + reasoning + tool_input as tokens
    from rollup_hour
    where hour >= $start and hour < $end
),
by_model as (
    select account, model, sum(tokens) as tokens from part group by all
),
by_client as (
    select account, client, sum(tokens) as tokens from part group by all
),
models as (
    select account, list(model order by tokens desc, model) as models
    from by_model group by account
),
clients as (
    select account, list(client order by tokens desc, client) as clients
    from by_client group by account
),
by_day as (
    select account, day, sum(tokens)::bigint as tokens from part group by all
),
days as (
    select
        account,
        list(day order by day) as days,
        list(tokens order by day) as tokens
    from by_day group by account
),
called as (
    select account, count(distinct (client, session)) as sessions
    from rollup_session
    where hour >= $start and hour < $end
    group by account
),
simulated as (
    select account, sum(sessions)::bigint as sessions
    from rollup_day
    where origin <> 'calls' and day >= $first_day and day <= $last_day
    group by account
),
figures as (
    select
        account,
    sum(calls)::bigint as calls,
    sum(input)::bigint as input,
    sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write,
    sum(cache_write_1h)::bigint as cache_write_1h,
    sum(output)::bigint as output,
    sum(reasoning)::bigint as reasoning,
    sum(tool_input)::bigint as tool_input,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls,
    sum(unmeasured_calls)::bigint as unmeasured_calls,
        bool_or(origin = 'simulated-rollup') as simulated
    from part group by account
)
select
    f.account, f.calls, f.input, f.cache_read, f.cache_write, f.cache_write_1h,
    f.output, f.reasoning, f.tool_input, f.cost, f.unpriced_calls, f.unmeasured_calls,
    f.simulated,
    coalesce(c.sessions, 0) + coalesce(s.sessions, 0) as sessions,
    m.models, l.clients, d.days, d.tokens
from figures f
join models m using (account)
join clients l using (account)
join days d using (account)
left join called c using (account)
left join simulated s using (account)
order by f.account
