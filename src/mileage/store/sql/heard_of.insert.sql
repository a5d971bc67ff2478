-- What was told of some accounts, by who stands behind them.
insert into heard_of by name
select h.* replace (coalesce(c.person, h.account) as account)
from heard_since($after) h left join claimed c on c.account = h.account
where h.account in (select unnest($accounts))
