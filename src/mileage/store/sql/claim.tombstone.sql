update claim
set
    account = case when account = $account then $tombstone else account end,
    person = case when person = $account then $tombstone else person end
where account = $account or person = $account
