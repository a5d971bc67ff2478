-- The same rows without the names of some, who stand under other accounts.
copy (
    with dead as (
        select unnest($accounts::varchar[]) as account_id, unnest($graves::varchar[]) as grave
    )
    select
        s.* replace (
            coalesce(d.grave, s.account_id) as account_id,
            case when d.grave is null then s.name else $name end as name,
            case when d.grave is null then s.kind else $kind end as kind
        )
    from read_parquet($source) s left join dead d using (account_id)
    order by account_id
) to $path (format parquet, compression zstd, row_group_size 8192)
