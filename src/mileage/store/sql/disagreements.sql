-- The latest calls of a window whose witnesses differ or are inflated. $start and
-- $end are UTC seconds on the zone's hours.
select
    call_id, account, occurred_at, client, session, model, sources, differs, inflated,
    own_ids, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input
from current_call
where
    (differs <> '' or inflated <> '')
    and hour >= $start and hour < $end
    and ($account is null or account = $account)
order by occurred_at desc, call_id
limit $limit
