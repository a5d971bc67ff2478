SELECT quarter, client, source, provider, model, tier, session, project, agent, calls,
       input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
       cost, unpriced_calls, unmeasured_calls, first, last
FROM usage
WHERE number = :number
ORDER BY rowid
