-- Rows that the copies have, and hours that they do not have, or not as they are.
select
    (select count(*) from past_hour),
    (
        select count(*) from rollup_hour
        where hour >= (select max(hour) from past_until) and hour < $until
    ) + (
        select count(*) from past_changed
        where hour < (select max(hour) from past_until)
    )
