-- Metrics of whose standings are stale, with what lenses give for them.
create or replace temp table standing_measured as
select f.*, v."values"
from standing_found f join standing_valued v using (side, number)
