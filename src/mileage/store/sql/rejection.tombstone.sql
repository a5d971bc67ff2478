update rejection set account = $tombstone, place = '', sample = '' where account = $account
