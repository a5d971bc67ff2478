create or replace temp table standing_tool_edge as
select
    hour >= $start as now, number, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens
from rollup_hour join standing_account using (account)
where hour >= $before and hour < $end and day in (select unnest($cut::date[]))
group by all
