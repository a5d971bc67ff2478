select m.side, n.kind, count(*)
from standing_measured m join standing_named n using (account)
where m.calls > 0 and m.side % 2 = 0
group by all
