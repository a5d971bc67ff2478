select source, sum(calls)::bigint as calls
from (
    select unnest(string_split(sources, ' ')) as source, calls
    from (select sources, count(*) as calls from current_call group by sources)
)
group by source
