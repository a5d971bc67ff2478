-- One row a fact: the largest amount, the earliest time. Of several sources that
-- report one kind for one session only the highest precedence counts. Starts from
-- the account's own rows, so that its cost does not grow with everybody's.
with own as (
    select distinct own_id from activity_owned where account = $account
),
fact as (
    select
        any_value(kind) as kind,
        any_value(client) as client,
        arg_min(account, (asserted, seq)) as account,
        arg_min(session, seq) as session,
        arg_min(hour, occurred_at) as hour,
        arg_min(name, seq) as name,
        max(amount) as amount,
        any_value(precedence) as precedence
    from activity_owned
    where own_id in (select own_id from own)
    group by own_id, source
),
best as (
    select * from fact
    where account = $account
    qualify precedence = max(precedence) over (partition by client, session, kind)
)
select kind, name, sum(amount)::bigint as amount
from best
where hour >= $start and hour < $end
group by kind, name
order by kind, amount desc, name
