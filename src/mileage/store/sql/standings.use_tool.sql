insert into standing_use_tool by name
select
    day, number, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens,
    (
        90 * sum(cache_read) - 25 * sum(cache_write) - 100 * sum(cache_write_1h)
    )::bigint as gain,
    (
        100 * sum(input) + 10 * sum(cache_read) + 125 * sum(cache_write)
        + 200 * sum(cache_write_1h) + 500 * sum(output) + 500 * sum(reasoning)
        + 100 * sum(tool_input)
    )::bigint as paid,
    sum(cost)::bigint as cost
from rollup_hour join standing_account using (account)
where day in (select unnest($days::date[]))
group by day, number, client, model
