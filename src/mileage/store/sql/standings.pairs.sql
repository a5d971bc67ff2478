-- What accounts whose standings are stale used of each client and model.
create or replace temp table standing_pair as
select
    side, number, client, model,
    sum(tokens)::bigint as tokens,
    sum(gain)::hugeint as gain,
    sum(paid)::hugeint as paid,
    sum(cost)::bigint as cost
from (
    select d.side, u.number, u.client, u.model, u.tokens, u.gain, u.paid, u.cost
    from standing_use_tool u
    join standing_day d using (day)
    join standing_again s on s.side = d.side and s.number = u.number
    where not d.cut
    union all
    select side, number, e.client, e.model, e.tokens, e.gain, e.paid, e.cost
    from standing_tool_edge e join standing_again using (side, number)
)
group by all
