-- The versions of clients that some accounts used since a day, by source.
select account, source, client, client_version, sum(witnesses)::bigint as witnesses
from (
    select h.* replace (coalesce(c.person, h.account) as account)
    from heard_since($after) h left join claimed c on c.account = h.account
    where
        h.account in (select unnest($accounts))
        and h.day >= $since
        and h.client_version <> ''
)
group by account, source, client, client_version
order by account, client, source, client_version
