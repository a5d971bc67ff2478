update presence_day set account = $tombstone, machine = '' where account = $account
