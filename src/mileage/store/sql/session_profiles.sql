select distinct session_id, profile
from session_profile
where session_id in (select unnest($ids::ubigint[]))
