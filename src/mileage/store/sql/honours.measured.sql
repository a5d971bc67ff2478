-- Metrics of every account, with what lenses give for it now and gave before.
create or replace temp table honour_measured as
select m.*, v."values", coalesce(b."values", []) as before
from standing_now m
join standing_values v using (account)
left join standing_values_before b using (account)
