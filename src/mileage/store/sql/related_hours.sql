-- The hours that hold one of these ids: every hour for ids that can be read again
-- at any time, else the batch's own hours and their neighbours.
select distinct h.utc_hour
from witness_hour h
where
    h.id in (select unnest($ids::ubigint[]))
    and (h.replayable or h.utc_hour between $first_hour and $last_hour)
