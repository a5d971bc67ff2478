-- What each source says of a call: its copies together, or, of the sources in $apart,
-- each of those that differ. The earliest first.
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
from joined_witness
where own_id in (select unnest($ids::ubigint[])) and measure <> 'estimate'
group by
    own_id, source,
    case
        when source in (select unnest($apart::varchar[])) then (
            input, cache_read, cache_write + cache_write_1h, output + reasoning,
            tool_input
        )
    end
order by own_id, occurred_at, outputs, input, cache_read, writes, tool_input
