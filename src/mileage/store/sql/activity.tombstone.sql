update activity set account = $tombstone where account = $account
