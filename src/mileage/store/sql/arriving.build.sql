-- What arrived, with all that is told of each row alone. ``eligible``: it may be a plain
-- call, as far as can be told from the row.
create or replace temp table arriving as
select
    a.*,
    case when packed then left(key, -24) else key end as key_head,
    case
        when packed then ('0x' || substr(key, -24, 16))::ubigint
        else md5_number_lower(key)
    end as key_number,
    case when packed then ('0x' || right(key, 8))::uinteger end as key_tail,
    case when link <> key and link <> '' then number(link) end as link_number,
    (occurred_at // 3600000000)::integer as utc_hour,
    q.hour, q.day, s.replayable,
    s.eligible and measure = '' and not contains(link, ' ') as eligible
from (select *, is_packed(key) as packed from arrived) a
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
