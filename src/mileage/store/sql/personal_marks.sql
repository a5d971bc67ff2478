select
    count(*) filter (where attended) as attended,
    count(*) filter (where not attended) as unattended,
    count(*) filter (where differs <> '') as differing
from current_call
where account = $account and hour >= $start and hour < $end
