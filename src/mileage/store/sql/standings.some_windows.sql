-- Those that are made now.
create or replace temp table standing_window as
from standing_period where side in (select unnest($sides::smallint[]))
