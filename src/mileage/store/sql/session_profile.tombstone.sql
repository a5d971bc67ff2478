update session_profile set session_id = $tombstone where session_id = $account
