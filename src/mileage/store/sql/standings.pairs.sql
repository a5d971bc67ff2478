-- What every account used of each client and model, on every side.
create or replace temp table standing_pair as
select side, number, client, model, sum(tokens)::bigint as tokens
from (
    select d.side, u.number, u.client, u.model, u.tokens
    from standing_use_tool u join standing_day d using (day)
    where not d.cut
    union all
    select side, number, client, model, tokens from standing_tool_edge
)
group by all
