create temp table if not exists standing_use (
    day date, number integer, calls bigint, input bigint, cache_read bigint,
    cache_write bigint, cache_write_1h bigint, output bigint, reasoning bigint,
    tool_input bigint, cost bigint, unpriced_calls bigint, unmeasured_calls bigint,
    attended_calls bigint, unattended_calls bigint, simulated boolean, tokens bigint
)
