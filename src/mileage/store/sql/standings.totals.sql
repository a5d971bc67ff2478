select
    side, sum(calls)::bigint, sum(input)::bigint, sum(cache_read)::bigint,
    sum(cache_write)::bigint, sum(cache_write_1h)::bigint, sum(output)::bigint,
    sum(reasoning)::bigint, sum(tool_input)::bigint, sum(cost)::bigint,
    sum(unpriced_calls)::bigint, sum(unmeasured_calls)::bigint,
    count(account), coalesce(bool_or(simulated), false),
    -- Equal input has an equal hash; names and departments may change without it.
    sha256(coalesce(string_agg(
        concat_ws(
            '|', account, calls, input, cache_read, cache_write, cache_write_1h, output,
            reasoning, tool_input, coalesce(cost::varchar, '-'), unpriced_calls,
            unmeasured_calls, attended_calls, unattended_calls, sessions, models,
            clients, active_days, streak,
            even_days, even_tools
        ),
        chr(10) order by account
    ) filter (where account is not null), ''))
from standing_window left join standing_measured using (side)
where side % 2 = 0
group by side
