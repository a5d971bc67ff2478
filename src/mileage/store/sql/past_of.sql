-- Before which hour copies are whole, and in which hours something of some accounts, or
-- (null) of any, has changed since.
select
    hour,
    (
        select list(distinct hour) from past_changed
        where $accounts is null or list_contains($accounts::varchar[], account)
    )
from past_until
