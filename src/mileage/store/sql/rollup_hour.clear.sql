delete from rollup_hour
where
    origin = 'calls'
    and (hour, account) in (
        select (h, a) from (
            select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
        )
    )
