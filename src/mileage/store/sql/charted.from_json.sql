create or replace temp table charted as
select
    unnest(batch.account_id) as account_id,
    unnest(batch.name) as name,
    unnest(batch.kind) as kind,
    unnest(batch.department) as department,
    unnest(batch.team) as team,
    unnest(batch.role) as role,
    unnest(batch.somebody) as somebody,
    unnest(batch.tier) as tier
from (
    select from_json($rows::json, '{
        "account_id": ["varchar"],
        "name": ["varchar"],
        "kind": ["varchar"],
        "department": ["varchar"],
        "team": ["varchar"],
        "role": ["varchar"],
        "somebody": ["boolean"],
        "tier": ["integer"]
    }') as batch
)
