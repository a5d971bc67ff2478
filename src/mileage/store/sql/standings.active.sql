select coalesce(c.kind, 'unclaimed') as kind, count(*)
from standing_now m left join standing_chart c using (account)
where m.calls > 0
group by kind
