-- The witnesses that have one of these ids: sessions wherever they are, other ids that
-- can be read again at any time likewise, the rest in the batch's own hours and their
-- neighbours.
select distinct own_id, utc_hour
from witness_id
where
    id in (select unnest($sessions::ubigint[]))
    or (
        id in (select unnest($ids::ubigint[]))
        and (replayable or utc_hour between $first_hour and $last_hour)
    )
