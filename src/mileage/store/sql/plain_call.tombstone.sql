-- What was said of this person under somebody else's credential forgets the name, too.
update plain_call
set
    account = case when account = $account then $tombstone else account end,
    project = case when account = $account then '' else project end,
    identity = ''
where account = $account or list_contains($identities::varchar[], lower(identity))
