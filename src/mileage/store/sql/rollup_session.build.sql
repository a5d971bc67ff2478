-- From ``current_call``, of which only this is read: to plan all of its columns takes
-- twice as long.
insert into rollup_session by name
select distinct hour, day, account, client, session_number(session) as session
from (
    select
        hour, day, account, client, session
    from joined_call c
    anti join superseded s on s.call_id = c.call_id and s.seq > c.seq
    union all
    select
        hour, day, account, client, session
    from plain_call
)
where (hour, account) in (
    select (h, a) from (
        select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
    )
)
