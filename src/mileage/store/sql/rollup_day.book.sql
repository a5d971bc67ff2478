-- The sums of calls that go: of those that came under a claimed account apart. A session
-- of which some calls did not is counted once, with those.
insert into rollup_day by name
select
    case when booked is null then 'retained' else 'retained:' || booked end as origin,
    day, account, client,
    count(distinct session) filter (booked is null or not own) as sessions,
    count(*) as calls,
    sum(
        input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input
    )::bigint as tokens,
    sum(cost)::bigint as cost,
    count(*) filter (where cost is null and measure = '') as unpriced_calls
from (
    select
        *, bool_or(booked is null) over (partition by day, account, client, session) as own
    from current_call
    left join (
        select unnest($calls::varchar[]) as call_id, unnest($booked::varchar[]) as booked
    ) using (call_id)
    where (day, account) in (
        select (d, a) from (
            select unnest($days::date[]) as d, unnest($accounts::varchar[]) as a
        )
    )
)
group by booked, day, account, client
