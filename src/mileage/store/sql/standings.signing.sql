-- What tells whether a day is as it was when its use was added up. Each kind by itself:
-- together they take twice as long.
create or replace temp table standing_signing as
select day, sum(held)::bigint as held, sum(signature) as signature
from (
    select day, count(*) as held, sum(signature) as signature
    from standing_hour where day >= $since group by day
    union all
    select day, count(*) as held, sum(signature) as signature
    from standing_told where day >= $since group by day
)
group by day
