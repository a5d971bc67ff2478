-- The versions of clients that the accounts of ``heard_of`` used since a day, by source.
select account, source, client, client_version, sum(witnesses)::bigint as witnesses
from heard_of
where day >= $since and client_version <> ''
group by account, source, client, client_version
order by account, client, source, client_version
