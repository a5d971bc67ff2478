insert into rollup_day by name
select
    unnest(batch.origin) as origin,
    unnest(batch.day) as day,
    unnest(batch.account) as account,
    unnest(batch.client) as client,
    unnest(batch.sessions) as sessions,
    unnest(batch.calls) as calls,
    unnest(batch.tokens) as tokens,
    unnest(batch.cost) as cost,
    unnest(batch.unpriced_calls) as unpriced_calls
from (
    select from_json($rows::json, '{
        "origin": ["varchar"],
        "day": ["date"],
        "account": ["varchar"],
        "client": ["varchar"],
        "sessions": ["bigint"],
        "calls": ["bigint"],
        "tokens": ["bigint"],
        "cost": ["bigint"],
        "unpriced_calls": ["bigint"]
    }') as batch
)
