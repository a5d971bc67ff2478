-- Who is among the first by any lens; of equal values the account decides.
with valued as (
    select account_id, generate_subscripts("values", 1) as lens, unnest("values") as value
    from read_parquet($path)
    where
        kind in (select unnest($kinds::varchar[]))
        and account_id not in (select unnest($without::varchar[]))
)
select distinct account_id
from (
    select account_id
    from valued
    where value > 0
    qualify row_number() over (partition by lens order by value desc, account_id) <= $top
)
