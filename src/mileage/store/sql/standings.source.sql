-- Everything that standings are made of, with what tells whether it is as it was.
create or replace temp view standing_source as
select day, account, signature from standing_hour
union all
select day, account, hash(hour, client, session) as signature from rollup_session
union all
select day, account, hash(origin, client, sessions) as signature
from rollup_day
where origin <> 'calls'
