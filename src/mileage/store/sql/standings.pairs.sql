-- What every account used of each client and model, in the window or before it.
create or replace temp table standing_pair as
select account, client, model, sum(tokens)::bigint as tokens
from (
    select number as account, client, model, tokens
    from standing_use_tool
    where
        day >= $first::date and day <= $last::date
        and day not in (select unnest($cut::date[]))
    union all
    select number as account, client, model, tokens
    from standing_tool_edge where now = $now
)
group by all
