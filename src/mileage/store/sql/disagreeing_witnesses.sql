select
    own_id, source, max(client_version) as client_version,
    min(occurred_at) as occurred_at,
    max(input) as input,
    max(cache_read) as cache_read,
    max(cache_write + cache_write_1h) as writes,
    max(cache_write_1h) as cache_write_1h,
    max(output + reasoning) as outputs,
    max(reasoning) as reasoning,
    max(tool_input) as tool_input
from witness
where own_id in (select unnest($ids::ubigint[])) and measure <> 'estimate'
group by own_id, source
