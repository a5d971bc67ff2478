select
    source, key, link, session, occurred_at, client, client_version, provider, model,
    tier, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input, reported_cost, project, agent, copied, attended, identity, measure,
    account, asserted
from witness_owned
where own_id is null and utc_hour between $first_hour and $last_hour
