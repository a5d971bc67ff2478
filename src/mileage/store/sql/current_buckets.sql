-- The version in force of every bucket that begins in a time.
select
    source, provider, account, start, "end", model, dimensions,
    requests, prompt, answer, cache_read, cache_write, reasoning, cost
from bucket
where start >= $start and start < $until and recorded_at <= $as_of
qualify row_number() over (partition by bucket_id order by recorded_at desc) = 1
order by start, provider, model, account, dimensions
