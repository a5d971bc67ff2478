-- What accounts used of each client and model. $start and $end are UTC seconds.
select
    account, client, model,
    sum(input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input)::bigint as tokens
from rollup_hour
where hour >= $start and hour < $end
group by account, client, model
having tokens > 0
order by account, client, model
