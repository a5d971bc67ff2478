-- What each source told of each account of ``heard_of``, by machine. The delay is the
-- least of what came in within $day microseconds before the last, of what was recorded
-- from $recent on; appends are taken together as the roll-up takes them.
with daily as (
    select
        account, source, client, machine,
        max(recorded_at) as recorded_at, min(least_delay) as least_delay
    from heard_of
    where recorded_at >= $recent
    group by account, source, client, machine, day, client_version
),
timed as (
    select *, max(recorded_at) filter (where least_delay is not null) over (
        partition by account, source, client, machine
    ) as timed_last
    from daily
),
delays as (
    select account, source, client, machine, min(least_delay) as least_delay
    from timed
    where recorded_at > timed_last - $day
    group by account, source, client, machine
)
select
    account, source, client, machine,
    min(first) as first, max(last) as last, max(recorded_at) as heard,
    sum(witnesses)::bigint as witnesses,
    list(distinct day order by day) as days,
    coalesce(arg_max(client_version, last) filter (where client_version <> ''), '')
        as client_version,
    any_value(delays.least_delay) as least_delay
from heard_of left join delays using (account, source, client, machine)
group by account, source, client, machine
order by account, client, source, machine
