insert into witness_id by name
select
    unnest(batch.id) as id,
    unnest(batch.own_id) as own_id,
    unnest(batch.utc_hour) as utc_hour,
    unnest(batch.replayable) as replayable
from (
    select from_json($rows::json, '{
        "id": ["ubigint"],
        "own_id": ["ubigint"],
        "utc_hour": ["integer"],
        "replayable": ["boolean"]
    }') as batch
)
