insert into presence by name
select
    unnest(batch.seq) as seq,
    unnest(batch.recorded_at) as recorded_at,
    unnest(batch.account) as account,
    unnest(batch.source) as source,
    unnest(batch.client) as client,
    unnest(batch.machine) as machine,
    unnest(batch.day) as day,
    unnest(batch.client_version) as client_version,
    unnest(batch.first) as first,
    unnest(batch.last) as last,
    unnest(batch.witnesses) as witnesses,
    unnest(batch.least_delay) as least_delay
from (
    select from_json($rows::json, '{
        "seq": ["bigint"],
        "recorded_at": ["bigint"],
        "account": ["varchar"],
        "source": ["varchar"],
        "client": ["varchar"],
        "machine": ["varchar"],
        "day": ["date"],
        "client_version": ["varchar"],
        "first": ["bigint"],
        "last": ["bigint"],
        "witnesses": ["bigint"],
        "least_delay": ["bigint"]
    }') as batch
)
