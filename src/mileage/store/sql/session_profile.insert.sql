insert into session_profile by name
select
    unnest(batch.session_id) as session_id,
    unnest(batch.profile) as profile
from (
    select from_json($rows::json, '{
        "session_id": ["ubigint"],
        "profile": ["varchar"]
    }') as batch
)
