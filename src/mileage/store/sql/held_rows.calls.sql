-- $hours: those in which the account has sums.
select *
from current_call
where account = $account and list_contains($hours::bigint[], hour)
order by occurred_at, call_id
