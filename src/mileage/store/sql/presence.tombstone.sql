update presence set account = $tombstone, machine = '' where account = $account
