-- Adds what has changed of facts, and takes away what is there no more.
merge into rollup_activity r using (
    select
        hour, any_value(day) as day, account, client, session_number(name_of) as session,
        kind, name, precedence, sum(facts)::bigint as facts, sum(amount)::bigint as amount
    from (
        select
            unnest(batch.hour) as hour,
            unnest(batch.day) as day,
            unnest(batch.account) as account,
            unnest(batch.client) as client,
            unnest(batch.session) as name_of,
            unnest(batch.kind) as kind,
            unnest(batch.name) as name,
            unnest(batch.precedence) as precedence,
            unnest(batch.facts) as facts,
            unnest(batch.amount) as amount
        from (
            select from_json($rows::json, '{
                "hour": ["bigint"],
                "day": ["date"],
                "account": ["varchar"],
                "client": ["varchar"],
                "session": ["varchar"],
                "kind": ["varchar"],
                "name": ["varchar"],
                "precedence": ["integer"],
                "facts": ["bigint"],
                "amount": ["bigint"]
            }') as batch
        )
    )
    group by hour, account, client, name_of, kind, name, precedence
) n on
    r.hour = n.hour and r.account = n.account and r.client = n.client
    and r.session = n.session and r.kind = n.kind and r.name = n.name
    and r.precedence = n.precedence
when matched and r.facts + n.facts = 0 then delete
when matched then update set facts = r.facts + n.facts, amount = r.amount + n.amount
when not matched then insert (
    hour, day, account, client, session, kind, name, precedence, facts, amount
) values (
    n.hour, n.day, n.account, n.client, n.session, n.kind, n.name, n.precedence,
    n.facts, n.amount
)
