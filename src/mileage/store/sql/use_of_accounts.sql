-- What accounts have used and who told of it, one row an account that was heard of.
with used as (
    select
        account,
        sum(calls)::bigint as calls,
        sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input)::bigint as tokens
    from rollup_hour
    where origin <> 'simulated-rollup'
    group by account
),
heard as (
    select
        account,
        list(distinct source order by source) as sources,
        list(distinct client order by client) as clients,
        min(first) as first,
        max(last) as last
    from presence_owned
    group by account
)
select
    h.account, h.sources, h.clients, h.first, h.last,
    coalesce(u.calls, 0) as calls, coalesce(u.tokens, 0) as tokens
from heard h
left join used u using (account)
where h.account in (select unnest($accounts::varchar[]))
order by h.account
