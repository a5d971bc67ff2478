-- What some accounts add up to, each measure with how many have any and the two largest.
with some_of_them as (
    select
        calls,
        input + cache_read + cache_write + cache_write_1h + output + reasoning + tool_input as tokens,
        coalesce(cost, 0) as cost
    from read_parquet($path)
    where
        kind in (select unnest($kinds::varchar[]))
        and (not $listed or account_id in (select unnest($accounts::varchar[])))
        and account_id not in (select unnest($without::varchar[]))
)
select
    count(*) filter (calls > 0), coalesce(sum(calls), 0)::bigint, max(calls, 2),
    count(*) filter (tokens > 0), coalesce(sum(tokens), 0)::bigint, max(tokens, 2),
    count(*) filter (cost > 0), coalesce(sum(cost), 0)::bigint, max(cost, 2)
from some_of_them
