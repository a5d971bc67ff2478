select
    kind, name, count(*) as facts, sum(amount)::bigint as amount,
    min(occurred_at) as first, max(occurred_at) as last
from activity_owned
where account = $account
group by kind, name
order by kind, name
