-- What tells whether somebody's pieces of days are as they were: use, sessions, and
-- those that are simulated for a whole day.
create or replace temp table standing_cut_mark as
select piece, number, sum(signature) as signature
from (
    select piece, number, signature from standing_cut_tool
    union all
    select piece, number, hash(hour, client, session) as signature
    from rollup_session s
    join standing_piece p on
        p.day = s.day
        and (p.since is null or s.hour >= p.since)
        and (p.until is null or s.hour < p.until)
    join standing_account using (account)
    union all
    select piece, number, hash(day, origin, client, sessions) as signature
    from rollup_day join standing_piece using (day) join standing_account using (account)
    where origin <> 'calls'
)
group by piece, number
