select
    call_id, account, occurred_at, client, model, input, cache_read, cache_write,
    cache_write_1h, output, reasoning, tool_input
from current_call
