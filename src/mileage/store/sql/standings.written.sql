insert into standing_written
select side, "first", "last", "start", "end", path
from standing_window
left join (
    select unnest($sides::smallint[]) as side, unnest($paths::varchar[]) as path
) using (side)
