-- Why a window is told otherwise now: calls by account and by what became of them since.
with touched as (
    select call_id from call where seq > $seq
    union
    select call_id from superseded where seq > $seq
),
told as (
    select
        *, hour >= $start and hour < $until as inside,
        input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input as tokens
    from call_as_of($seq) semi join touched using (call_id)
),
tells as (
    select
        *, hour >= $start and hour < $until as inside,
        input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input as tokens
    from call_as_of($last) semi join touched using (call_id)
),
compared as (
    select
        t.account as account_then, n.account as account_now,
        coalesce(t.inside, false) as inside_then,
        coalesce(n.inside, false) as inside_now,
        coalesce(t.tokens, 0) as tokens_then, coalesce(n.tokens, 0) as tokens_now,
        (
            t.day, t.client, t.model, t.session, t.input, t.cache_read, t.cache_write,
            t.cache_write_1h, t.output, t.reasoning, t.tool_input, t.measure, t.attended
        ) is distinct from (
            n.day, n.client, n.model, n.session, n.input, n.cache_read, n.cache_write,
            n.cache_write_1h, n.output, n.reasoning, n.tool_input, n.measure, n.attended
        ) as otherwise,
        t.cost is distinct from n.cost as dearer,
        t.price_version as price_then, n.price_version as price_now
    from told t full join tells n using (call_id)
),
became as (
    select
        account_now as account, tokens_now - tokens_then as tokens, price_then, price_now,
        case when otherwise then 'corrected' else 'priced' end as reason
    from compared
    where inside_then and inside_now and account_then = account_now and (otherwise or dearer)
    union all
    select
        account_now as account, tokens_now as tokens, price_then, price_now,
        case
            when account_then is null then 'late'
            when account_then = account_now then 'into the window'
            else 'from another account'
        end as reason
    from compared
    where inside_now and not (inside_then and account_then = account_now)
    union all
    select
        account_then as account, -tokens_then as tokens, price_then, price_now,
        case
            when account_now is null then 'another call'
            when account_then = account_now then 'out of the window'
            else 'to another account'
        end as reason
    from compared
    where inside_then and (account_now is null or not inside_now or account_then <> account_now)
)
select
    account, reason, count(*)::bigint, sum(tokens)::bigint,
    list_sort(list(distinct price_then)), list_sort(list(distinct price_now))
from became
group by account, reason
order by account, reason
