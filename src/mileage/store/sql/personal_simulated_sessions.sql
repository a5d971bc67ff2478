select coalesce(sum(sessions), 0)::bigint
from rollup_day
where
    account = $account and origin <> 'calls'
    and day >= $first_day and day <= $last_day
