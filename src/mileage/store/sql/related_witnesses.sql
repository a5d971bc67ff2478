select
    w.source, w.key, w.link, w.session, w.occurred_at, w.client, w.client_version,
    w.provider, w.model, w.tier, w.input, w.cache_read, w.cache_write,
    w.cache_write_1h, w.output, w.reasoning, w.tool_input, w.reported_cost,
    w.project, w.agent, w.copied, w.attended, w.identity, w.measure,
    coalesce(c.person, w.account) as account, w.asserted
from joined_witness w left join claimed c on c.account = w.account
where
    w.utc_hour in (select unnest($hours::integer[]))
    and w.own_id in (select unnest($own_ids::ubigint[]))
