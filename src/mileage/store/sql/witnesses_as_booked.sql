-- As ``related_witnesses``, with the accounts that they were booked to.
select
    source, key, link, session, occurred_at, client, client_version, provider, model,
    tier, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input, reported_cost, project, agent, copied, attended, identity, measure,
    account, asserted
from witness
where
    utc_hour in (select unnest($hours::integer[]))
    and own_id in (select unnest($own_ids::ubigint[]))
