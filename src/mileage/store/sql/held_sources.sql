-- How often each source was heard of since the day from which calls are kept: of the
-- roll-up of presence, and of what has been heard since.
select
    source, sum(witnesses)::bigint as witnesses, min(first) as first, max(last) as last
from (
    select account, source, day, witnesses, first, last from presence_day
    union all
    select account, source, day, witnesses, first, last from presence
    where seq > (select coalesce(max(seq), 0) from presence_rolled)
)
where account in (select unnest($accounts::varchar[])) and day >= $since
group by source
order by source
