-- What each source told of each account, by machine.
select
    account, source, client, machine,
    min(first) as first, max(last) as last, max(recorded_at) as heard,
    sum(witnesses)::bigint as witnesses,
    list(distinct day order by day) as days,
    coalesce(arg_max(client_version, last) filter (where client_version <> ''), '')
        as client_version,
    min(least_delay) filter (where recorded_at >= $recent) as least_delay
from presence_owned
where $account is null or account = $account
group by account, source, client, machine
order by account, client, source, machine
