-- Rejections by source and reason, of what some accounts brought or of all.
select
    source, reason, sum(records)::bigint as count, arg_max(place, last) as sample
from rejection
where $accounts is null or account in (select unnest($accounts::varchar[]))
group by source, reason
order by count desc, source, reason
