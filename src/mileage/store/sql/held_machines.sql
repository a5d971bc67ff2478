-- Of the roll-up of presence, and of what has been heard since.
select
    machine, client, max(client_version) as client_version, min(first) as first,
    max(last) as last
from (
    select account, machine, client, client_version, first, last from presence_day
    union all
    select account, machine, client, client_version, first, last from presence
    where seq > (select coalesce(max(seq), 0) from presence_rolled)
)
where account in (select unnest($accounts::varchar[]))
group by machine, client
order by first, machine, client
