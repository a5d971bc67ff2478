update rollup_session set account = $tombstone where account = $account
