insert into rollup_session by name
select distinct hour, day, account, client, session_number(session) as session
from current_call
where (hour, account) in (
    select (h, a) from (
        select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
    )
)
