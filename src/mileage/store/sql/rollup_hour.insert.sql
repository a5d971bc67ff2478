insert into rollup_hour by name
select
    unnest(batch.origin) as origin,
    unnest(batch.hour) as hour,
    unnest(batch.day) as day,
    unnest(batch.account) as account,
    unnest(batch.client) as client,
    unnest(batch.provider) as provider,
    unnest(batch.model) as model,
    unnest(batch.calls) as calls,
    unnest(batch.input) as input,
    unnest(batch.cache_read) as cache_read,
    unnest(batch.cache_write) as cache_write,
    unnest(batch.cache_write_1h) as cache_write_1h,
    unnest(batch.output) as output,
    unnest(batch.reasoning) as reasoning,
    unnest(batch.tool_input) as tool_input,
    unnest(batch.cost) as cost,
    unnest(batch.unpriced_calls) as unpriced_calls
from (
    select from_json($rows::json, '{
        "origin": ["varchar"],
        "hour": ["bigint"],
        "day": ["date"],
        "account": ["varchar"],
        "client": ["varchar"],
        "provider": ["varchar"],
        "model": ["varchar"],
        "calls": ["bigint"],
        "input": ["bigint"],
        "cache_read": ["bigint"],
        "cache_write": ["bigint"],
        "cache_write_1h": ["bigint"],
        "output": ["bigint"],
        "reasoning": ["bigint"],
        "tool_input": ["bigint"],
        "cost": ["bigint"],
        "unpriced_calls": ["bigint"]
    }') as batch
)
