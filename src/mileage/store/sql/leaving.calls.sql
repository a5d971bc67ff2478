insert into joined_call by name
select * exclude (place)
from plain_as_call
where place in (select place from leaving)
