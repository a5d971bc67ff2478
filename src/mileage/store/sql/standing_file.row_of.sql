select
    file_row_number, account_id, name, kind, department, team, role, calls, input, cache_read,
    cache_write, cache_write_1h, output, reasoning, tool_input, cost, unpriced_calls,
    unmeasured_calls, sessions, attended_calls, unattended_calls, models, clients,
    active_days, used_days, used_tokens, day_count, simulated, "values", before, titles, tier
from read_parquet($path, file_row_number = true)
where account_id = $account
