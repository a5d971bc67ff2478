select call_id, occurred_at, account from current_call
