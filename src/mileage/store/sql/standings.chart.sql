-- Who the accounts are, as JSON columns.
create or replace temp table standing_chart as
select
    unnest(batch.account) as account,
    unnest(batch.name) as name,
    unnest(batch.kind) as kind,
    unnest(batch.department) as department,
    unnest(batch.team) as team,
    unnest(batch.role) as role,
    unnest(batch.titles) as titles,
    unnest(batch.tier) as tier
from (
    select from_json($rows::json, '{
        "account": ["varchar"],
        "name": ["varchar"],
        "kind": ["varchar"],
        "department": ["varchar"],
        "team": ["varchar"],
        "role": ["varchar"],
        "titles": [["varchar"]],
        "tier": ["varchar"]
    }') as batch
)
