select * from current_call where account = $account order by occurred_at, call_id
