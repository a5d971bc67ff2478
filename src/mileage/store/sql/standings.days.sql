-- Every day of every side: its place from 0, and whether only a part lies in it.
create or replace temp table standing_day as
select
    side, "first" + place as day, place,
    list_contains(cut, "first" + place) as cut,
    case when place = 0 then "start" end as since,
    case when "first" + place = "last" then "end" end as until
from (
    select *, unnest(range("last" - "first" + 1))::integer as place from standing_period
)
