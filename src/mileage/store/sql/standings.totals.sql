-- What each file adds up to, in the order asked for.
select
    sum(calls)::bigint, sum(input)::bigint, sum(cache_read)::bigint,
    sum(cache_write)::bigint, sum(cache_write_1h)::bigint, sum(output)::bigint,
    sum(reasoning)::bigint, sum(tool_input)::bigint, sum(cost)::bigint,
    sum(unpriced_calls)::bigint, sum(unmeasured_calls)::bigint,
    count(account_id), coalesce(bool_or(simulated), false),
    -- Equal input has an equal hash; names and departments may change without it. That
    -- of everybody is a sum, as rows need no order then.
    sha256(coalesce(sum(md5_number_lower(
        concat_ws(
            '|', account_id, calls, input, cache_read, cache_write, cache_write_1h, output,
            reasoning, tool_input, coalesce(cost::varchar, '-'), unpriced_calls,
            unmeasured_calls, attended_calls, unattended_calls, sessions, len(models),
            len(clients), active_days
        )
    )) filter (where account_id is not null), 0)::varchar)
from (select unnest($paths::varchar[]) as filename)
left join read_parquet($paths, filename = true) using (filename)
group by filename
order by list_position($paths, filename)
