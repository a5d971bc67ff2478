-- Each source. ``stopped`` counts the accounts of which it fell silent, after $used,
-- while another source of the same client went on; $fillers are not missed.
with by_account as (
    select
        coalesce(c.person, h.account) as account, client, source,
        sum(witnesses) as witnesses, min(first) as first, max(last) as last,
        max(day) as last_day
    from heard_since($after) h left join claimed c on c.account = h.account
    where $account is null or coalesce(c.person, h.account) = $account
    group by all
),
beside as (
    select *, max(last_day) over (partition by account, client) as newest
    from by_account
)
select
    source,
    sum(witnesses)::bigint as witnesses,
    min(first) as first,
    max(last) as last,
    count(distinct account) as accounts,
    count(distinct account) filter (
        where
            newest > last_day + $patience
            and last_day >= $used
            and source not in (select unnest($fillers::varchar[]))
    ) as stopped
from beside
group by source
order by source
