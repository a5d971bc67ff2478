copy (
    select * replace (
        cost_usd::decimal(18, 6) as cost_usd,
        tier::varchar as tier,
        department::varchar as department
    )
    from (select unnest($rows, recursive := true))
    where account is not null
) to $path (format parquet, compression zstd)
