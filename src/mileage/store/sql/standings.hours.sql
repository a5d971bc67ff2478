-- Roll-ups, each with what tells whether it is as it was.
create or replace temp view standing_hour as
select
    *,
    hash(
        account, origin, hour, client, provider, model, calls, input, cache_read,
        cache_write, cache_write_1h, output, reasoning, tool_input, cost, unpriced_calls,
        unmeasured_calls, attended_calls, unattended_calls
    ) as signature
from rollup_hour
