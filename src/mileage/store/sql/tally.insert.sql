insert into tally by name
select
    unnest(batch.seq) as seq,
    unnest(batch.recorded_at) as recorded_at,
    unnest(batch.source) as source,
    unnest(batch.visible) as visible,
    unnest(batch.duplicates) as duplicates,
    unnest(batch.rejected) as rejected,
    unnest(batch.ignored) as ignored
from (
    select from_json($rows::json, '{
        "seq": ["bigint"],
        "recorded_at": ["bigint"],
        "source": ["varchar"],
        "visible": ["bigint"],
        "duplicates": ["bigint"],
        "rejected": ["bigint"],
        "ignored": ["bigint"]
    }') as batch
)
