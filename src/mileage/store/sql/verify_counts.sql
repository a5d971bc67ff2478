-- Plain calls, and current ones of the others.
select
    (select count(*) from plain_call),
    (
        select count(*)
        from joined_call c
        where not exists (
            select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
        )
    )
