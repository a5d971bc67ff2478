-- The standings of a window with who everybody is, in the order of accounts.
copy (
    select
        r.account_id, n.name, n.kind, n.department, n.team, n.role,
        r.* exclude (side, account_id),
        n.titles, n.tier
    from standing_row r
    join standing_named n on n.account = r.account_id
    where r.side = $side
    order by r.account_id
) to $path (format parquet, compression zstd, compression_level 1, row_group_size 8192)
