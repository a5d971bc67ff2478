-- What was told of some accounts, by who stands behind them.
insert into heard_of by name
select h.* replace (booked.owner as account)
from heard_since($after) h
join (select unnest($accounts) as account, unnest($owners) as owner) booked
    on booked.account = h.account
