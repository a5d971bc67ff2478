-- With what is told of a session beside its figures.
SELECT min(quarter), client, '', '', model, '', session, project, '', sum(calls),
       sum(input), sum(cache_read), sum(cache_write), sum(cache_write_1h),
       sum(output), sum(reasoning), sum(tool_input),
       sum(cost), sum(unpriced_calls), sum(unmeasured_calls), min(first), max(last)
FROM usage
GROUP BY session, client, project, model
