select m.side, coalesce(c.kind, 'unclaimed'), count(*)
from standing_measured m left join standing_chart c using (account)
where m.calls > 0 and m.side % 2 = 0
group by all
