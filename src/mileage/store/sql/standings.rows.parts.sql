-- From which to which number the rows of so many accounts are put together at once.
select min(number), max(number)
from (
    select number, (row_number() over (order by number) - 1) // $most as part
    from (select distinct number from standing_stale)
)
group by part
order by part
