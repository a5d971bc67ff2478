-- As ``standings.write``: stale standings as they are now, and those of whom nothing
-- has changed as they were written last.
copy (
    select
        r.account_id, n.name, n.kind, n.department, n.team, n.role,
        r.* exclude (account_id),
        n.titles, n.tier
    from (
        select * exclude (side) from standing_row where side = $side
        union all by name
        select f.* exclude (name, kind, department, team, role, titles, tier)
        from read_parquet($before) f
        anti join (
            select account from standing_stale join standing_account using (number)
            where side = $side
        ) s on s.account = f.account_id
    ) r
    join standing_named n on n.account = r.account_id
    order by r.account_id
) to $path (format parquet, compression zstd, compression_level 1, row_group_size 8192)
