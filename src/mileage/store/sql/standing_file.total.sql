select
    count(*), sum(calls)::bigint, sum(input)::bigint, sum(cache_read)::bigint,
    sum(cache_write)::bigint, sum(cache_write_1h)::bigint, sum(output)::bigint,
    sum(reasoning)::bigint, sum(tool_input)::bigint, sum(cost)::bigint,
    sum(unpriced_calls)::bigint, sum(unmeasured_calls)::bigint
from read_parquet($path)
