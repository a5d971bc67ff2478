update joined_call set account = $tombstone, project = '' where account = $account
