-- The calls that were current when the ledger had recorded this many appends.
create or replace temp macro call_as_of(last) as table (
    select * exclude (place) from plain_as_call where seq <= last
    union all by name
    select c.* from joined_call c
    anti join superseded s
        on s.call_id = c.call_id and s.seq > c.seq and s.seq <= last
    where c.seq <= last
)
