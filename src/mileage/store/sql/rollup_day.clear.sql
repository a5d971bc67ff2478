delete from rollup_day
where
    origin = 'calls'
    and (day, account) in (
        select (d, a) from (
            select unnest($days::date[]) as d, unnest($accounts::varchar[]) as a
        )
    )
