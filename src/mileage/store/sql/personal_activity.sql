-- Of several sources that report one kind for one session only the highest precedence
-- counts.
with best as (
    select hour, kind, name, amount
    from activity_of($accounts::varchar[])
    qualify precedence = max(precedence) over (partition by client, session, kind)
)
select kind, name, sum(amount)::bigint as amount
from best
where hour >= $start and hour < $end
group by kind, name
order by kind, amount desc, name
