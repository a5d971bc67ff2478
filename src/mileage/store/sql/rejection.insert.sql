insert into rejection by name
select
    unnest(batch.seq) as seq,
    unnest(batch.recorded_at) as recorded_at,
    unnest(batch.account) as account,
    unnest(batch.source) as source,
    unnest(batch.place) as place,
    unnest(batch.reason) as reason
from (
    select from_json($rows::json, '{
        "seq": ["bigint"],
        "recorded_at": ["bigint"],
        "account": ["varchar"],
        "source": ["varchar"],
        "place": ["varchar"],
        "reason": ["varchar"]
    }') as batch
)
