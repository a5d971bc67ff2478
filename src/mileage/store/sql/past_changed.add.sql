-- The past hours of the plain calls of one append.
insert into past_changed by name
select distinct hour, account from plain_call where seq = $seq and hour < $before
