insert into witness_id by name
select
    case when session then session_number(name) else number(name) end as id,
    own_id, utc_hour, replayable
from (
    select
        unnest(batch.name) as name,
        unnest(batch.session) as session,
        unnest(batch.own_id) as own_id,
        unnest(batch.utc_hour) as utc_hour,
        unnest(batch.replayable) as replayable
    from (
        select from_json($rows::json, '{
            "name": ["varchar"],
            "session": ["boolean"],
            "own_id": ["ubigint"],
            "utc_hour": ["integer"],
            "replayable": ["boolean"]
        }') as batch
    )
)
