-- What tells whether the parts of days in a window, or in the one before, are as they
-- were: use, sessions, and those that are simulated for a whole day.
create or replace temp table standing_edge_mark as
select side - side % 2 as side, number, sum(signature) as signature
from (
    select side, number, hash(side, place, signature) as signature from standing_edge
    union all
    select side, number, hash(side, hour, client, session) as signature
    from rollup_session s
    join standing_day d on d.day = s.day and s.hour >= d."start" and s.hour < d."end"
    join standing_account using (account)
    where d.cut
    union all
    select side, number, hash(side, day, origin, client, sessions) as signature
    from rollup_day join standing_day d using (day) join standing_account using (account)
    where d.cut and origin <> 'calls'
)
group by all
