-- What those whose standings are stale used in pieces of days, by client and model.
create or replace temp table standing_cut_tool as
select
    p.piece, number, client, model,
    sum(calls)::bigint as calls,
    sum(input)::bigint as input,
    sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write,
    sum(cache_write_1h)::bigint as cache_write_1h,
    sum(output)::bigint as output,
    sum(reasoning)::bigint as reasoning,
    sum(tool_input)::bigint as tool_input,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls,
    sum(unmeasured_calls)::bigint as unmeasured_calls,
    sum(attended_calls)::bigint as attended_calls,
    sum(unattended_calls)::bigint as unattended_calls,
    (
        90 * sum(cache_read) - 25 * sum(cache_write) - 100 * sum(cache_write_1h)
    )::bigint as gain,
    (
        100 * sum(input) + 10 * sum(cache_read) + 125 * sum(cache_write)
        + 200 * sum(cache_write_1h) + 500 * sum(output) + 500 * sum(reasoning)
        + 100 * sum(tool_input)
    )::bigint as paid,
    bool_or(origin = 'simulated-rollup') as simulated,
    (
        sum(input) + sum(cache_read) + sum(cache_write) + sum(cache_write_1h)
        + sum(output) + sum(reasoning) + sum(tool_input)
    )::bigint as tokens
from rollup_hour r
join standing_piece p on
    p.day = r.day
    and (p.since is null or r.hour >= p.since)
    and (p.until is null or r.hour < p.until)
join standing_account using (account)
semi join standing_stale using (number)
where r.day in (select day from standing_piece)
group by all
