-- What leaves the table of plain calls, as witnesses.
select
    seq, recorded_at, utc_hour, account, asserted,
    source, key, link, session, occurred_at, client, client_version, provider, model,
    tier, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input, reported_cost, project, agent, copied, attended, identity, '' as measure
from plain_named
where place in (select place from leaving)
