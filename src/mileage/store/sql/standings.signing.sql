-- What tells whether a day is as it was when its use was added up.
create or replace temp table standing_signing as
select
    day, count(*) as held,
    sum(hash(
        origin, hour, account, client, provider, model, calls, input, cache_read,
        cache_write, cache_write_1h, output, reasoning, tool_input, cost,
        unpriced_calls, unmeasured_calls, attended_calls, unattended_calls
    )) as signature
from rollup_hour
where day >= $since
group by day
