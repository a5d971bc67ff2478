create or replace temp table leaving as
select rowid as place
from plain_call
where account in (select unnest($accounts::varchar[]))
