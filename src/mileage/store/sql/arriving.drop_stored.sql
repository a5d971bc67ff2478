-- What is stored as a plain call, to the last field, need not arrive again.
delete from arriving
where pos in (
    select a.pos
    from arriving a join plain_call p on
        p.key_number = a.key_number
        and p.key_head = a.key_head
        and p.key_tail is not distinct from a.key_tail
        and p.key_more is not distinct from a.key_more
        and coalesce(p.link, a.key) = a.link
        and a.measure = ''
        and p.reported_cost is not distinct from a.reported_cost
        and p.attended is not distinct from a.attended
        and p.source = a.source
        and p.session = a.session
        and p.occurred_at = a.occurred_at
        and p.client = a.client
        and p.client_version = a.client_version
        and p.provider = a.provider
        and p.model = a.model
        and p.tier = a.tier
        and p.input = a.input
        and p.cache_read = a.cache_read
        and p.cache_write = a.cache_write
        and p.cache_write_1h = a.cache_write_1h
        and p.output = a.output
        and p.reasoning = a.reasoning
        and p.tool_input = a.tool_input
        and p.project = a.project
        and p.agent = a.agent
        and p.copied = a.copied
        and p.identity = a.identity
        and p.account = a.account
        and p.asserted = a.asserted
    where
        a.key_number in (select number from met)
        and (p.replayable or p.utc_hour between $first_hour and $last_hour)
)
