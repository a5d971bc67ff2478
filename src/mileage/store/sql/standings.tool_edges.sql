create or replace temp table standing_tool_edge as
select
    d.side, a.number, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens
from rollup_hour r
join standing_day d on d.day = r.day and r.hour >= d."start" and r.hour < d."end"
join standing_account a using (account)
where d.cut
group by all
