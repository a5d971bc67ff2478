-- What tells whether a day is as it was when its use was added up.
create or replace temp table standing_signing as
select day, count(*) as held, sum(hash(account, signature)) as signature
from standing_source
where day >= $since
group by day
