-- Who everybody is, with whom nothing is known of as well.
create or replace temp table standing_named as
select
    a.account,
    coalesce(c.name, a.account) as name,
    coalesce(c.kind, 'unclaimed') as kind,
    coalesce(c.department, '') as department,
    coalesce(c.team, '') as team,
    coalesce(c.role, '') as role,
    coalesce(h.titles, []) as titles,
    coalesce(t.tier, '') as tier
from standing_account a
left join standing_chart c using (number)
left join standing_tier t using (number)
left join standing_titled h on h.account = a.account
