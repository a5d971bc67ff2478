create or replace temp table leaving as
select rowid as place
from plain_call
where
    utc_hour in (select unnest($hours::integer[]))
    and (
        account,
        input + cache_read + cache_write + cache_write_1h + tool_input,
        output + reasoning
    ) in (
        select (a, p, o) from (
            select
                unnest($accounts::varchar[]) as a,
                unnest($prompts::bigint[]) as p,
                unnest($outputs::bigint[]) as o
        )
    )
