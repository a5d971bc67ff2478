-- Everybody's standings: of few people that is cheaper than to tell whose have changed.
create or replace temp table standing_stale as
select side, number
from (select distinct (side - side % 2)::smallint as side from standing_window)
cross join standing_account
