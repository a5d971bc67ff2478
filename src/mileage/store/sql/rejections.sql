-- Rejections by source and reason, of what some accounts brought or of all, of the days
-- on which the ledger took something in from $since on.
select
    source, reason, sum(records)::bigint as count, arg_max(place, last) as sample,
    max(last) as last
from rejection
where
    last >= $since
    and ($accounts is null or account in (select unnest($accounts::varchar[])))
group by source, reason
order by count desc, source, reason
