-- The versions of clients that the accounts of ``heard_of`` used since a day, by source;
-- ``current`` is one that is the latest on a machine.
with by_machine as (
    select
        account, source, client, machine, client_version,
        sum(witnesses) as witnesses, max(last) as last
    from heard_of
    where day >= $since and client_version <> ''
    group by account, source, client, machine, client_version
),
dated as (
    select *, max(last) over (partition by account, source, client, machine) as newest
    from by_machine
)
select
    account, source, client, client_version, sum(witnesses)::bigint as witnesses,
    bool_or(last = newest) as current
from dated
group by account, source, client, client_version
order by account, client, source, client_version
