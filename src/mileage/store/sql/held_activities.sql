-- Activities as they are in force, first and last by the hour.
select
    kind, name, sum(facts)::bigint as facts, sum(amount)::bigint as amount,
    min(hour) * 1000000 as first, max(hour) * 1000000 as last
from activity_of($accounts::varchar[], $until, $changed::bigint[])
group by kind, name
order by kind, name
