-- In the order of ``domain.measured.METRICS``; of NULL accounts, everybody.
select
    account, calls, unpriced_calls, unmeasured_calls, attended_calls, unattended_calls,
    input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
    tokens, cost, saved, sessions, models, clients, active_days, streak, even_days,
    even_tools, cache_share, "values", before
from honour_measured
where $accounts::varchar[] is null or account in (select unnest($accounts::varchar[]))
order by account
