-- Whole hours from roll-ups, the parts of hours at both ends from calls: these lie before
-- $calls_until and from $calls_from on. $every_call: calls are told apart by what roll-ups
-- do not have; of those that were deleted, and of simulated ones, there are only hours.
-- A dimension that is not asked for is folded into ''. Past hours of one account lie
-- together, and those of everybody are added up.
with part as (
    select
        account, client, provider, model, day, session, project,
        1 as calls, input, cache_read, cache_write, cache_write_1h, output,
        reasoning, tool_input, cost,
        (cost is null and measure = '')::integer as unpriced_calls,
        (measure = 'unmeasured')::integer as unmeasured_calls
    from current_call
    where occurred_at >= $start and occurred_at < $calls_until
    union all by name
    select
        account, client, provider, model, day, session, project,
        1 as calls, input, cache_read, cache_write, cache_write_1h, output,
        reasoning, tool_input, cost,
        (cost is null and measure = '')::integer as unpriced_calls,
        (measure = 'unmeasured')::integer as unmeasured_calls
    from current_call
    where occurred_at >= $calls_from and occurred_at < $end
    union all by name
    select
        account, client, provider, model, day, '' as session, '' as project,
        calls, input, cache_read, cache_write, cache_write_1h, output,
        reasoning, tool_input, cost, unpriced_calls, unmeasured_calls
    from (
        select * from rollup_hour where $account is null and $by_account
        union all by name
        select * from hours_of_all($until, $changed::bigint[])
        where $account is null and not $by_account
        union all by name
        select * from hours_of($account, $until, $changed::bigint[])
    )
    where
        hour >= $first_hour and hour < $last_hour
        and not ($every_call and origin = 'calls')
)
select
    case when $by_account then account else '' end as account,
    case when $by_client then client else '' end as client,
    case when $by_provider then provider else '' end as provider,
    case when $by_model then model else '' end as model,
    case when $by_day then day::varchar else '' end as day,
    case when $by_session then session else '' end as session,
    case when $by_project then project else '' end as project,
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
    sum(unmeasured_calls)::bigint as unmeasured_calls
from part
where $account is null or account = $account
group by 1, 2, 3, 4, 5, 6, 7
order by 1, 2, 3, 4, 5, 6, 7
