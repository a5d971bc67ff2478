-- What tells whether a day is as it was when its use was added up, hour by hour. Each
-- kind by itself: together they take twice as long.
create or replace temp table standing_signing as
select
    day, hour, count(*) as held, sum(signature) as signature,
    sum(
        input + cache_read + cache_write + cache_write_1h + output + reasoning
        + tool_input
    )::bigint as tokens
from standing_hour where day >= $since group by day, hour
union all
select day, hour, count(*) as held, sum(signature) as signature, 0 as tokens
from standing_told where day >= $since group by day, hour
