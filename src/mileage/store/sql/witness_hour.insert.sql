insert into witness_hour by name
select
    unnest(batch.id) as id,
    unnest(batch.utc_hour) as utc_hour,
    unnest(batch.replayable) as replayable
from (
    select from_json($rows::json, '{
        "id": ["ubigint"],
        "utc_hour": ["integer"],
        "replayable": ["boolean"]
    }') as batch
)
