-- The days to add up anew, with the rows that each has now.
select day, coalesce(n.held, 0) as held
from standing_signing n full join standing_signed o using (day)
where day >= $since and (n.held, n.signature) is distinct from (o.held, o.signature)
order by day
