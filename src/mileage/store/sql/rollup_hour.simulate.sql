insert into rollup_hour by name
select
    'simulated-rollup' as origin,
    batch.*,
    dates.day,
    case when batch.cost is null then batch.calls else 0 end as unpriced_calls
from (
    select
        unnest($hour::bigint[]) as hour,
        unnest($account::varchar[]) as account,
        unnest($client::varchar[]) as client,
        unnest($provider::varchar[]) as provider,
        unnest($model::varchar[]) as model,
        unnest($calls::bigint[]) as calls,
        unnest($input::bigint[]) as input,
        unnest($cache_read::bigint[]) as cache_read,
        unnest($cache_write::bigint[]) as cache_write,
        unnest($cache_write_1h::bigint[]) as cache_write_1h,
        unnest($output::bigint[]) as output,
        unnest($reasoning::bigint[]) as reasoning,
        unnest($tool_input::bigint[]) as tool_input,
        unnest($cost::bigint[]) as cost
) as batch
inner join (
    select
        unnest($hours::bigint[]) as hour,
        unnest($days::date[]) as day
) as dates on batch.hour = dates.hour
