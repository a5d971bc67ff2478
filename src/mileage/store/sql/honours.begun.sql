-- Of the people who used something in these days, how many there are, and how many had
-- begun by the first of them.
select count(*), count(*) filter (began <= $first)
from (
    select number, min(day) as began
    from standing_use
    group by number
    having bool_or(day between $first and $last)
)
join standing_chart c using (number)
where c.somebody
