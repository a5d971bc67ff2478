INSERT INTO quarter
    (quarter, calls, input, cache_read, cache_write, cache_write_1h, output,
     reasoning, tool_input, cost, unpriced_calls, unmeasured_calls, first, last)
VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (quarter) DO UPDATE SET
    calls = calls + excluded.calls,
    input = input + excluded.input,
    cache_read = cache_read + excluded.cache_read,
    cache_write = cache_write + excluded.cache_write,
    cache_write_1h = cache_write_1h + excluded.cache_write_1h,
    output = output + excluded.output,
    reasoning = reasoning + excluded.reasoning,
    tool_input = tool_input + excluded.tool_input,
    cost = coalesce(cost + excluded.cost, cost, excluded.cost),
    unpriced_calls = unpriced_calls + excluded.unpriced_calls,
    unmeasured_calls = unmeasured_calls + excluded.unmeasured_calls,
    first = min(first, excluded.first),
    last = max(last, excluded.last)
