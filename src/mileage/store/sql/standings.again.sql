-- Those that are looked at again in the windows that are made now, on either side.
create or replace temp view standing_again as
select w.side, s.number
from standing_stale s join standing_window w on s.side = w.side - w.side % 2
