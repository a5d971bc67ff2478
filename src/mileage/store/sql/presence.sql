-- What each source told of each account of ``heard_of``, by machine; delays are those
-- recorded from $recent on.
select
    account, source, client, machine,
    min(first) as first, max(last) as last, max(recorded_at) as heard,
    sum(witnesses)::bigint as witnesses,
    list(distinct day order by day) as days,
    coalesce(arg_max(client_version, last) filter (where client_version <> ''), '')
        as client_version,
    min(least_delay) filter (where recorded_at >= $recent) as least_delay
from heard_of
group by account, source, client, machine
order by account, client, source, machine
