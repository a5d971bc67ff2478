insert into superseded by name
select
    unnest(batch.call_id) as call_id,
    unnest(batch.seq) as seq,
    unnest(batch.recorded_at) as recorded_at
from (
    select from_json($rows::json, '{
        "call_id": ["varchar"],
        "seq": ["bigint"],
        "recorded_at": ["bigint"]
    }') as batch
)
