delete from joined_call where call_id in (select call_id from doomed_call)
