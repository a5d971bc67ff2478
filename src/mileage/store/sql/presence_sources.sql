-- Each source, of one account or of all. ``stopped`` counts the accounts of which it
-- fell silent while another source of the same client went on.
with by_account as (
    select
        account, client, source,
        sum(witnesses) as witnesses, min(first) as first, max(last) as last,
        max(day) as last_day
    from presence_owned
    where $account is null or account = $account
    group by account, client, source
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
    count(distinct account) filter (where newest > last_day + $patience) as stopped
from beside
group by source
order by source
