-- Adds the facts of ``told_again`` as they are in force.
merge into rollup_activity r using (
    select
        hour, any_value(day) as day, account, client,
        session_number(f.session) as session, kind, name, precedence,
        count(*) as facts, sum(amount)::bigint as amount
    from (
        select
            min(hour) as hour, min(day) as day,
            arg_min(account, (asserted, seq, amount)) as account,
            arg_min(client, (seq, amount)) as client,
            arg_min(session, (seq, amount)) as session,
            arg_min(kind, (seq, amount)) as kind,
            arg_min(name, (seq, amount)) as name,
            arg_min(precedence, (seq, amount)) as precedence,
            max(amount) as amount
        from activity semi join told_again using (own_id)
        group by own_id
    ) f
    group by hour, account, client, f.session, kind, name, precedence
) n on
    r.hour = n.hour and r.account = n.account and r.client = n.client
    and r.session = n.session and r.kind = n.kind and r.name = n.name
    and r.precedence = n.precedence
when matched then update set facts = r.facts + n.facts, amount = r.amount + n.amount
when not matched then insert (
    hour, day, account, client, session, kind, name, precedence, facts, amount
) values (
    n.hour, n.day, n.account, n.client, n.session, n.kind, n.name, n.precedence,
    n.facts, n.amount
)
