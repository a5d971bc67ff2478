-- What arrived, with all that is told of each row alone. ``eligible``: it may be a plain
-- call, as far as can be told from the row. A name may have two numbers: one as the key
-- of a plain call, one elsewhere.
create or replace temp table arriving as
select
    a.*,
    case
        when packed then left(key, -24)
        when words is not null then left(key, -20)
        else key
    end as key_head,
    case
        when packed then ('0x' || substr(key, -24, 16))::ubigint
        when words is not null then ('0x' || right(words, 16))::ubigint
        else md5_number_lower(key)
    end as key_number,
    case when packed then ('0x' || right(key, 8))::uinteger end as key_tail,
    case when words is not null then ('0x' || left(words, 14))::ubigint end as key_more,
    case when words is not null then md5_number_lower(key) end as key_elsewhere,
    case when link <> key and link <> '' then number(link) end as link_number,
    case when link <> key and link <> '' then key_number(link) end as link_as_key,
    (occurred_at // 3600000000)::integer as utc_hour,
    q.hour, q.day, s.replayable,
    s.eligible and measure = '' and not contains(link, ' ') as eligible
from (
    select *, case when not packed and is_worded(key) then worded(key) end as words
    from (select *, is_packed(key) as packed from arrived)
) a
join (
    select
        unnest($quarters::bigint[]) as quarter,
        unnest($hours::bigint[]) as hour,
        unnest($days::date[]) as day
) q on q.quarter = a.occurred_at // 900000000
join (
    select
        unnest($sources::varchar[]) as source,
        unnest($replayable::boolean[]) as replayable,
        unnest($eligible::boolean[]) as eligible
) s on s.source = a.source
