-- The sums of calls that go: of those that came under a claimed account apart.
insert into rollup_hour by name
select
    case when booked is null then 'retained' else 'retained:' || booked end as origin,
    hour, any_value(day) as day, account, client, provider, model,
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
    count(*) filter (where measure = 'unmeasured') as unmeasured_calls,
    count(*) filter (where attended) as attended_calls,
    count(*) filter (where not attended) as unattended_calls,
    count(*) filter (where differs <> '') as differing_calls
from current_call
left join (
    select unnest($calls::varchar[]) as call_id, unnest($booked::varchar[]) as booked
) using (call_id)
where (hour, account) in (
    select (h, a) from (
        select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
    )
)
group by booked, hour, account, client, provider, model
