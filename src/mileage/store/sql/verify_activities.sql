-- Sums of activities by hour that differ from them, either way.
with fact as (
    select
        min(hour) as hour, min(day) as day,
        arg_min(account, (asserted, seq, amount)) as account,
        arg_min(client, (seq, amount)) as client,
        arg_min(session, (seq, amount)) as session,
        arg_min(kind, (seq, amount)) as kind,
        arg_min(name, (seq, amount)) as name,
        arg_min(precedence, (seq, amount)) as precedence,
        max(amount) as amount
    from activity
    group by own_id
),
counted as (
    select
        hour, day, account, client, session_number(fact.session) as session, kind, name,
        precedence, count(*) as facts, sum(amount)::bigint as amount
    from fact
    group by hour, day, account, client, fact.session, kind, name, precedence
),
kept as (
    select
        hour, day, account, client, session, kind, name, precedence, facts, amount
    from rollup_activity
)
select hour, account, client, kind
from (
    (select * from counted except all select * from kept)
    union all
    (select * from kept except all select * from counted)
)
order by all
