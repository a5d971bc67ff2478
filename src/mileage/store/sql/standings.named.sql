-- Who everybody is, with whom nothing is known of as well.
create or replace temp view standing_named as
select
    a.account,
    coalesce(c.name, a.account) as name,
    coalesce(c.kind, 'unclaimed') as kind,
    coalesce(c.department, '') as department,
    coalesce(c.team, '') as team,
    coalesce(c.role, '') as role,
    coalesce(t.titles, []) as titles,
    coalesce(c.tier, '') as tier
from standing_account a
left join standing_chart c on c.account_id = a.account
left join standing_titles t on t.number = c.titles
