-- What the plain calls of one append tell.
insert into presence by name
select
    $seq as seq, $recorded_at as recorded_at, account, source, client, machine, day,
    client_version,
    min(occurred_at) as first, max(occurred_at) as last, count(*) as witnesses,
    min(received - occurred_at) filter (where received <> 0 and not replayable)
        as least_delay
from arriving
group by account, source, client, machine, day, client_version
