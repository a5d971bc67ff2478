update rollup_hour set account = $tombstone where account = $account
