update rollup_activity set account = $tombstone where account = $account
