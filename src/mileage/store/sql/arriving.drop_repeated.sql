-- Of rows that are equal, the first stays.
delete from arriving
where pos in (
    select pos
    from arriving
    where key_number in (select number from met)
    qualify row_number() over (
        partition by
            source, key, link, session, occurred_at, client, client_version, provider,
            model, tier, input, cache_read, cache_write, cache_write_1h, output,
            reasoning, tool_input, reported_cost, project, agent, copied, attended,
            identity, measure, account, asserted
        order by pos
    ) > 1
)
