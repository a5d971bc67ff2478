-- The standings of a window with who everybody is, in the order of accounts.
copy (
    select
        r.account_id,
        coalesce(c.name, r.account_id) as name,
        coalesce(c.kind, 'unclaimed') as kind,
        coalesce(c.department, '') as department,
        coalesce(c.team, '') as team,
        coalesce(c.role, '') as role,
        r.* exclude (side, account_id),
        coalesce(c.titles, []) as titles,
        coalesce(c.tier, '') as tier
    from standing_row r
    left join standing_chart c on c.account = r.account_id
    where r.side = $side
    order by r.account_id
) to $path (format parquet, compression zstd, compression_level 1, row_group_size 8192)
