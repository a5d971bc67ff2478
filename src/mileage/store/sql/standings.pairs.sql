-- What every account used of each client and model.
create or replace temp table standing_pair as
select
    now, account, client, model,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens
from standing_cell
group by all
