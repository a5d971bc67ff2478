-- What was said of this person under somebody else's credential forgets the name, too;
-- how well it named somebody stays (``domain.copies.naming``).
update joined_witness
set
    account = case when account = $account then $tombstone else account end,
    project = case when account = $account then '' else project end,
    identity = case
        when not asserted or identity = '' then ''
        when contains(identity, '@') then '@'
        else '?'
    end
where account = $account or list_contains($identities::varchar[], lower(identity))
