create temp table if not exists standing_use_tool as
select
    day, 0::integer as number, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens
from rollup_hour
where false
group by all
