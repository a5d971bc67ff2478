-- Everything that is derived of the current calls, of these or (null) of all.
select
    call_id, account, asserted, session, occurred_at, client, provider, model, tier,
    input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
    reported_cost, project, agent, attended, sources, differs, measure, inflated,
    own_ids
from current_call
where $ids is null or call_id in (select unnest($ids::varchar[]))
