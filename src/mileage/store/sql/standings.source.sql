-- Everything that standings are made of, with what tells whether it is as it was.
create or replace temp view standing_source as
select
    day, account,
    hash(
        origin, hour, client, provider, model, calls, input, cache_read, cache_write,
        cache_write_1h, output, reasoning, tool_input, cost, unpriced_calls,
        unmeasured_calls, attended_calls, unattended_calls
    ) as signature
from rollup_hour
union all
select day, account, hash(hour, client, session) as signature from rollup_session
union all
select day, account, hash(origin, client, sessions) as signature
from rollup_day
where origin <> 'calls'
