create or replace temp table leaving as
select rowid as place
from plain_call
where
    session in (select unnest($sessions::varchar[]))
    or (
        (
            key_number in (select key_number(unnest($names::varchar[])))
            or link_number in (select number(unnest($names::varchar[])))
        )
        and (replayable or utc_hour between $first_hour and $last_hour)
    )
