-- Everything that standings are made of, with what tells whether it is as it was.
create or replace temp view standing_source as
select day, hour, account, signature from standing_hour
union all
from standing_told
