insert into bucket by name
select
    unnest(batch.recorded_at) as recorded_at,
    unnest(batch.bucket_id) as bucket_id,
    unnest(batch.source) as source,
    unnest(batch.provider) as provider,
    unnest(batch.account) as account,
    unnest(batch.start) as start,
    unnest(batch."end") as "end",
    unnest(batch.model) as model,
    unnest(batch.dimensions) as dimensions,
    unnest(batch.requests) as requests,
    unnest(batch.prompt) as prompt,
    unnest(batch.answer) as answer,
    unnest(batch.cache_read) as cache_read,
    unnest(batch.cache_write) as cache_write,
    unnest(batch.reasoning) as reasoning,
    unnest(batch.cost) as cost
from (
    select from_json($rows::json, '{
        "recorded_at": ["bigint"],
        "bucket_id": ["varchar"],
        "source": ["varchar"],
        "provider": ["varchar"],
        "account": ["varchar"],
        "start": ["bigint"],
        "end": ["bigint"],
        "model": ["varchar"],
        "dimensions": ["varchar"],
        "requests": ["bigint"],
        "prompt": ["bigint"],
        "answer": ["bigint"],
        "cache_read": ["bigint"],
        "cache_write": ["bigint"],
        "reasoning": ["bigint"],
        "cost": ["bigint"]
    }') as batch
)
