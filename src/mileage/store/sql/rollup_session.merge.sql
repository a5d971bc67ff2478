insert into rollup_session by name
with met as (
    select hour, day, account, client, session_number(session) as session
    from (
        select distinct hour, day, account, client, session from plain_call
        where seq = $seq
    )
)
select * from met anti join rollup_session using (hour, account, client, session)
