-- Whose call it is does not go by these any more (``domain.copies.naming``).
update joined_witness
set asserted = true, identity = ''
where
    own_id = $own_id
    and (
        account = $tombstone
        or account in (select account from claimed where person = $tombstone)
    )
