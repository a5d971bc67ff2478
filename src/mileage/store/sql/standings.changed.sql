-- The days to add up anew, with the rows that each has now.
select day, coalesce(n.held, 0) as held
from (
    select day, sum(held)::bigint as held, sum(signature) as signature
    from standing_signing group by day
) n
full join standing_signed o using (day)
where day >= $since and (n.held, n.signature) is distinct from (o.held, o.signature)
order by day
