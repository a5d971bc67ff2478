create or replace temp table standing_row (
    side smallint, account_id varchar, calls bigint, input bigint, cache_read bigint,
    cache_write bigint, cache_write_1h bigint, output bigint, reasoning bigint,
    tool_input bigint, cost bigint, unpriced_calls bigint, unmeasured_calls bigint,
    sessions bigint, attended_calls bigint, unattended_calls bigint, models varchar[],
    clients varchar[], active_days bigint, used_days smallint[], used_tokens bigint[],
    day_count smallint, simulated boolean, "values" bigint[], before bigint[]
)
