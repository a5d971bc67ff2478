-- The standings of a window, in the order of accounts.
copy (
    select * exclude (side) from standing_row where side = $side order by account_id
) to $path (format parquet, compression zstd, compression_level 1, row_group_size 8192)
