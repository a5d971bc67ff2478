select source, kind, key, max(amount)
from activity
where own_id in (select unnest($ids::ubigint[]))
group by source, kind, key
