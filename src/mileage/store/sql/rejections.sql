select source, reason, count(*) as count, arg_max(place, seq) as sample
from rejection_owned
where $account is null or account = $account
group by source, reason
order by count desc, source, reason
