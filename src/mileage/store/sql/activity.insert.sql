insert into activity by name
select
    unnest(batch.seq) as seq,
    unnest(batch.recorded_at) as recorded_at,
    unnest(batch.account) as account,
    unnest(batch.asserted) as asserted,
    unnest(batch.precedence) as precedence,
    unnest(batch.source) as source,
    unnest(batch.key) as key,
    unnest(batch.session) as session,
    unnest(batch.occurred_at) as occurred_at,
    unnest(batch.hour) as hour,
    unnest(batch.day) as day,
    unnest(batch.client) as client,
    unnest(batch.kind) as kind,
    unnest(batch.name) as name,
    unnest(batch.amount) as amount,
    unnest(batch.attended) as attended,
    unnest(batch.own_id) as own_id
from (
    select from_json($rows::json, '{
        "seq": ["bigint"],
        "recorded_at": ["bigint"],
        "account": ["varchar"],
        "asserted": ["boolean"],
        "precedence": ["integer"],
        "source": ["varchar"],
        "key": ["varchar"],
        "session": ["varchar"],
        "occurred_at": ["bigint"],
        "hour": ["bigint"],
        "day": ["date"],
        "client": ["varchar"],
        "kind": ["varchar"],
        "name": ["varchar"],
        "amount": ["bigint"],
        "attended": ["boolean"],
        "own_id": ["ubigint"]
    }') as batch
)
