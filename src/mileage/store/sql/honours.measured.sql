-- Metrics of people, with what lenses give for them now and gave before.
create or replace temp view honour_measured as
select m.*, coalesce(b."values", []) as before
from standing_kept m
join standing_chart c on c.number = m.number and c.somebody
left join standing_kept b on b.side = 1 and b.number = m.number
where m.side = 0
