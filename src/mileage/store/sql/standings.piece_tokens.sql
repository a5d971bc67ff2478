-- Tokens of everybody in pieces of days.
create or replace temp table standing_piece_tokens as
select piece, sum(tokens) as tokens
from (
    select
        day, hour,
        sum(
            input + cache_read + cache_write + cache_write_1h + output + reasoning
            + tool_input
        ) as tokens
    from rollup_hour
    where day in (select day from standing_piece)
    group by day, hour
) r
join standing_piece p on
    p.day = r.day
    and (p.since is null or r.hour >= p.since)
    and (p.until is null or r.hour < p.until)
group by piece
