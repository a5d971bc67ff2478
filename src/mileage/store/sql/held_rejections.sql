select day, source, reason, records, place, sample
from rejection_owned
where account = $account
order by day, source, reason
