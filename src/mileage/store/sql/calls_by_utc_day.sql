-- Calls through one provider by UTC day, as providers cut their buckets. Estimates are
-- nobody's calls.
select
    occurred_at // 86400000000 as utc_day, model,
    count(*) as calls,
    sum(input + cache_read + cache_write + cache_write_1h + tool_input)::bigint
        as prompt,
    sum(output + reasoning)::bigint as answer,
    sum(cost)::bigint as cost
from current_call
where
    provider = $provider and occurred_at >= $start and occurred_at < $until
    and measure <> 'estimate'
group by utc_day, model
order by utc_day, model
