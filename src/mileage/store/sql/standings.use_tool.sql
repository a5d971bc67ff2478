insert into standing_use_tool by name
select
    day, number, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens,
    sum(cost)::bigint as cost
from rollup_hour join standing_account using (account)
where day in (select unnest($days::date[]))
group by day, number, client, model
