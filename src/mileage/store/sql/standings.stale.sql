-- Whose standings cannot be what they were: by window, the one before it included.
create or replace temp table standing_stale as
with written as (
    select side, "first", "last", w."start", w."end", o."start" as began, o."end" as ended
    from standing_window w join standing_written o using (side, "first", "last")
),
moved as (
    -- The hours of a day that have come in or gone out at one end.
    select side, "first" as day, least("start", began) as since, greatest("start", began) as until
    from written
    union all
    select side, "last", least("end", ended), greatest("end", ended) from written
)
select distinct (side - side % 2)::smallint as side, number
from (
    select side, number
    from standing_window anti join written using (side) cross join standing_account
    union all
    select m.side, number
    from standing_source s
    join moved m on m.day = s.day and s.hour >= m.since and s.hour < m.until
    join standing_account using (account)
    where s.day in (select day from moved where since < until)
    union all
    select side, number
    from standing_touched join standing_day using (day) semi join standing_window using (side)
)
