-- The versions of one client that were in use since a day, by account and source.
select account, source, client, client_version, sum(witnesses)::bigint as witnesses
from presence_owned
where ($account is null or account = $account) and day >= $since and client_version <> ''
group by account, source, client, client_version
order by account, client, source, client_version
