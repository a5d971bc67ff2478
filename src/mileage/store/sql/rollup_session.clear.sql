delete from rollup_session
where
    (hour, account) in (
        select (h, a) from (
            select unnest($hours::bigint[]) as h, unnest($accounts::varchar[]) as a
        )
    )
