-- Every version of these.
select
    source, kind, key, seq, account, asserted, client, session, name, precedence,
    hour, day, amount
from activity
where own_id in (select unnest($ids::ubigint[]))
order by seq, amount
