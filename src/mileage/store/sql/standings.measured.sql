-- Everybody's metrics: as they are now, and where nothing has changed as they were.
create or replace temp table standing_measured as
from standing_found
union all
select k.* exclude ("values")
from standing_kept k semi join standing_window using (side)
anti join standing_stale s on s.side = k.side - k.side % 2 and s.number = k.number
