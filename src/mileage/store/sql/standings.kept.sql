-- The same of everybody for the first window, and for the one before it: honours ask
-- for them. They are as they are now, and where nothing has changed as they were.
create or replace temp table standing_kept as
from standing_measured where side in (0, 1)
union all
from standing_kept anti join standing_again using (side, number)
