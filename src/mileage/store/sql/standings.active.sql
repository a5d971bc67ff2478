select side, kind, count(*)
from standing_row
where calls > 0
group by side, kind
