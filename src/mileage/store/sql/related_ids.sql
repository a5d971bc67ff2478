-- The witnesses that have one of these names: sessions wherever they are, other names
-- that can be read again at any time likewise, the rest in the batch's own hours and
-- their neighbours.
select distinct own_id, utc_hour
from witness_id
where
    id in (select session_number(unnest($sessions::varchar[])))
    or (
        id in (select number(unnest($names::varchar[])))
        and (replayable or utc_hour between $first_hour and $last_hour)
    )
