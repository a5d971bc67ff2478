select source, count(*) as witnesses, min(occurred_at) as first, max(occurred_at) as last
from witness_owned
where account = $account
group by source
order by source
