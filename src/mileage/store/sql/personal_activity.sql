select kind, name, sum(amount)::bigint as amount
from current_activity
where account = $account and hour >= $start and hour < $end
group by kind, name
order by kind, amount desc, name
