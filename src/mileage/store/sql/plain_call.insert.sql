-- Calls that cost nothing known have no tariff. Costs are rounded half to even.
insert into plain_call by name
select
    $seq as seq, $recorded_at as recorded_at, account, asserted, source, replayable,
    key_head, key_number, key_tail, key_more,
    case when link = key then null else link end as link, link_number,
    session, occurred_at, utc_hour, hour, day, client, client_version,
    provider, model, tier, input, cache_read, cache_write, cache_write_1h, output,
    reasoning, tool_input,
    total // 1000000
        + (2 * (total % 1000000) > 1000000 - total // 1000000 % 2)::bigint as cost,
    $version as price_version,
    reported_cost, project, agent, copied, attended, identity
from (
    select
        a.*,
        a.input::hugeint * t.rates[1] + a.cache_read::hugeint * t.rates[2]
            + a.cache_write::hugeint * t.rates[3]
            + a.cache_write_1h::hugeint * t.rates[4]
            + a.output::hugeint * t.rates[5] + a.reasoning::hugeint * t.rates[6]
            + a.tool_input::hugeint * t.rates[7] as total
    from arriving a left join (
        select
            unnest(batch.provider) as provider,
            unnest(batch.model) as model,
            unnest(batch.tier) as tier,
            unnest(batch.utc_day) as utc_day,
            unnest(batch.above) as above,
            unnest(batch.up_to) as up_to,
            unnest(batch.rates) as rates
        from (
            select from_json($rows::json, '{
                "provider": ["varchar"],
                "model": ["varchar"],
                "tier": ["varchar"],
                "utc_day": ["bigint"],
                "above": ["bigint"],
                "up_to": ["bigint"],
                "rates": [["bigint"]]
            }') as batch
        )
    ) t on
        t.provider = a.provider and t.model = a.model and t.tier = a.tier
        and t.utc_day = a.occurred_at // 86400000000
        and a.input + a.cache_read + a.cache_write + a.cache_write_1h + a.tool_input
            > t.above
        and a.input + a.cache_read + a.cache_write + a.cache_write_1h + a.tool_input
            <= t.up_to
)
