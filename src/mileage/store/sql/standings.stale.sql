-- Whose standings cannot be what they were: by window, the one before it included.
create or replace temp table standing_stale as
with changed as (
    select w.side
    from standing_window w
    left join standing_written o using (side, "first", "last", cut)
    where $anew or o.side is null
)
select distinct (side - side % 2)::smallint as side, number
from (
    select side, number from changed cross join standing_account
    union all
    select side, number
    from standing_edge_mark n
    full join (from standing_written_edge semi join standing_window using (side)) o
    using (side, number)
    where n.signature is distinct from o.signature
    union all
    select side, number
    from standing_touched join standing_day d using (day) semi join standing_window using (side)
    where not d.cut
)
