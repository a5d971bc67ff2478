create or replace temp table standing_signed as
select day, sum(held)::bigint as held, sum(signature) as signature
from standing_signing
group by day
