select "values"[$place] as value
from standing_measured m
join standing_chart c on c.number = m.number and c.somebody
where m.side = $side and value > 0
