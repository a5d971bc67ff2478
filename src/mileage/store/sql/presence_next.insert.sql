-- Roll up the accounts from one up to another, their rows beside each other.
insert into presence_next by name
select
    account, source, client, machine, day, client_version,
    min(first) as first, max(last) as last, max(recorded_at) as recorded_at,
    sum(witnesses)::bigint as witnesses, min(least_delay) as least_delay
from (
    select * from presence_day
    union all by name
    select * exclude (seq) from presence where seq > $after and seq <= $until
)
where account >= $from_account and ($before_account is null or account < $before_account)
group by account, source, client, machine, day, client_version
order by account, source, client, machine, day
