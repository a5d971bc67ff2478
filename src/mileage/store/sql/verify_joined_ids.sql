select call_id
from joined_call c
where not exists (
    select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
)
