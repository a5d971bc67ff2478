-- Metrics of every account, with what lenses give for it now and gave before.
create or replace temp view honour_measured as
select m.*, v."values", coalesce(b."values", []) as before
from standing_measured m
join standing_values v using (side, account)
left join standing_values b on b.side = m.side + 1 and b.account = m.account
where m.side = 0
