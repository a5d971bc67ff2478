INSERT INTO quarter
    (quarter, calls, input, cache_read, cache_write, cache_write_1h, output,
     reasoning, tool_input, cost, unpriced_calls, unmeasured_calls, first, last)
VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
