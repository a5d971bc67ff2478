delete from superseded where call_id in (select call_id from doomed_call)
