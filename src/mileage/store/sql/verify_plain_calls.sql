select
    call_id, account, asserted, session, occurred_at, client, provider, model, tier,
    input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
    reported_cost, project, agent, attended, sources, differs, measure, inflated,
    own_ids
from plain_as_call
where occurred_at // 3600000000 between $first_hour and $last_hour
