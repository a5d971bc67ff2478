-- Of several sources that report one kind for one session only the highest precedence
-- counts.
with own as (
    select hour, client, session, kind, name, precedence, amount
    from activity_of($accounts::varchar[], $until, $changed::bigint[])
),
best as (
    select client, session, kind, max(precedence) as precedence
    from own
    group by client, session, kind
)
select kind, name, sum(amount)::bigint as amount
from own join best using (client, session, kind, precedence)
where hour >= $start and hour < $end
group by kind, name
order by kind, amount desc, name
