INSERT INTO quarter
SELECT quarter, sum(calls),
       sum(input), sum(cache_read), sum(cache_write), sum(cache_write_1h),
       sum(output), sum(reasoning), sum(tool_input),
       sum(cost), sum(unpriced_calls), sum(unmeasured_calls), min(first), max(last)
FROM usage
WHERE quarter IN (SELECT quarter FROM temp.changed)
GROUP BY quarter
