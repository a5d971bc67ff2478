-- $accounts: those that somebody stands behind. $hours: those of UTC in which they have
-- sums; where a call has several witnesses, each may be of any other hour.
select * replace ($account as account)
from (
    select * from witness
    where
        list_contains($accounts::varchar[], account)
        and list_contains($hours::integer[], utc_hour)
    union all by name
    select * from joined_witness
    where
        list_contains($accounts::varchar[], account)
        and not list_contains($hours::integer[], utc_hour)
)
order by occurred_at, source, key
