insert into past_changed by name
select unnest(batch.hour) as hour, unnest(batch.account) as account
from (
    select from_json($rows::json, '{"hour": ["bigint"], "account": ["varchar"]}') as batch
)
