-- What tombstones and others tell of the same calls in the same sources.
select
    source, key, link, session, occurred_at, client, client_version, provider, model,
    tier, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input, reported_cost, project, agent, copied, attended, identity, measure,
    account, asserted
from witness_owned
where own_id in (
    select own_id
    from witness_owned
    where own_id is not null
    group by own_id
    having
        count(distinct account) > 1
        and bool_or(account in (select unnest($tombstones::varchar[])))
)
