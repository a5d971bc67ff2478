-- Who has which tier now: its place from 1, 0 for none. ``steps`` are the least values of
-- all tiers, by the place of the tier that somebody had.
insert into standing_tier
select
    number, account_id, had, value, level,
    case
        when account_id not in (select unnest($hidden::varchar[])) then ($ladder::varchar[])[level]
    end
from (
    select
        c.number, c.account_id, coalesce(c.tier, 0) as had, k."values"[$place] as value,
        case
            when c.somebody then
                len(list_filter(
                    ($steps::bigint[][])[had + 1], lambda step: step <= coalesce(value, 0)
                ))
            else 0
        end as level
    from standing_chart c
    left join standing_kept k on k.side = 0 and k.number = c.number
)
