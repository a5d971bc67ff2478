-- Rows that still name somebody who was erased, whom only a hash of the id tells.
select count(*)
from (
    select account from plain_call
    union all select account from joined_witness
    union all select account from joined_call
    union all select account from activity
    union all select account from presence
    union all select account from presence_day
    union all select account from rollup_hour
    union all select account from rollup_day
    union all select account from rollup_session
    union all select account from rollup_activity
    union all select account from past_hour
    union all select account from past_session
    union all select account from past_activity
    union all select account from past_changed
    union all select account from rejection
    union all select account from claim
    union all select person from claim
    union all select origin[10:] from rollup_hour where starts_with(origin, 'retained:')
    union all select origin[10:] from rollup_day where starts_with(origin, 'retained:')
)
where list_contains($erased::varchar[], sha256(account))
