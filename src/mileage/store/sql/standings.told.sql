-- Sessions, and those that are simulated for a whole day: the same of them.
create or replace temp view standing_told as
select day, hour, account, hash(account, hour, client, session) as signature
from rollup_session
union all
select day, null as hour, account, hash(account, origin, client, sessions) as signature
from rollup_day
where origin <> 'calls'
