select
    source, reason, sum(records)::bigint as count, arg_max(place, last) as sample
from rejection_owned
where $account is null or account = $account
group by source, reason
order by count desc, source, reason
