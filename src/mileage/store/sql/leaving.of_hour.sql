create or replace temp table leaving as
select rowid as place
from plain_call
where utc_hour = $utc_hour
