-- What accounts have used and who told of it, one row an account that was heard of.
with wanted as (
    select distinct unnest($accounts::varchar[]) as account
),
booked as (
    select account, person as owner
    from claimed
    where person in (select account from wanted)
    union all
    select account, account as owner
    from wanted
    where account not in (select account from claimed)
),
used as (
    select
        account,
        sum(calls)::bigint as calls,
        sum(tokens)::bigint as tokens
    from rollup_day
    where origin <> 'simulated-rollup' and account in (select account from wanted)
    group by account
),
heard as (
    select
        owner as account,
        list(distinct source order by source) as sources,
        list(distinct client order by client) as clients,
        min(first) as first,
        max(last) as last
    from (
        select account, source, client, first, last from presence_day
        union all
        select account, source, client, first, last from presence
        where seq > (select coalesce(max(seq), 0) from presence_rolled)
    ) join booked using (account)
    group by owner
)
select
    h.account, h.sources, h.clients, h.first, h.last,
    coalesce(u.calls, 0) as calls, coalesce(u.tokens, 0) as tokens
from heard h
left join used u using (account)
order by h.account
