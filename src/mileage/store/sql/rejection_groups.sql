-- Rejections by source, reason and version of the client: the most frequent first, or
-- the latest. The two last columns are totals before the cut.
select
    source, reason, client_version,
    sum(records)::bigint as records,
    count(distinct account) filter (where account <> '') as accounts,
    min(first) as first,
    max(last) as last,
    arg_max(place, last) as place,
    coalesce(arg_max(sample, last) filter (where sample <> ''), '') as sample,
    count(*) over () as kinds,
    (sum(sum(records)) over ())::bigint as total
from rejection_owned
where $source is null or source = $source
group by source, reason, client_version
order by
    case when $latest then max(last) else sum(records) end desc,
    source, reason, client_version
limit $most
