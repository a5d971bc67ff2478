-- Who is among the first of any board by any lens; of equal values the account decides.
with board as (
    select unnest($kinds::varchar[]) as kind, unnest($boards::integer[]) as board
),
valued as (
    select
        filename, board, account_id,
        generate_subscripts("values", 1) as lens, unnest("values") as value
    from read_parquet($path, filename = true) join board using (kind)
    where account_id not in (select unnest($without::varchar[]))
)
select distinct unnest(accounts)
from (
    select min_by(account_id, (-value, account_id), $top) as accounts
    from valued
    where value > 0
    group by filename, board, lens
)
