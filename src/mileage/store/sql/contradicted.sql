-- How many calls $source has told of with other counts since $since, UTC microseconds.
select count(*)
from (
    select own_id
    from joined_witness
    where
        measure = ''
        and own_id in (
            select own_id
            from joined_witness
            where source = $source and recorded_at >= $since
        )
    group by own_id
    having
        count(distinct (
            input, cache_read, cache_write + cache_write_1h, output + reasoning,
            tool_input
        )) > 1
)
