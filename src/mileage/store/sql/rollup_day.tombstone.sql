update rollup_day set account = $tombstone where account = $account
