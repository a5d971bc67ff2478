select call_id from current_call group by call_id having count(*) > 1
