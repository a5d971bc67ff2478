create or replace temp table standing_values as
select v.side, a.account, v."values"
from standing_valued v join standing_account a using (number)
union all
select k.side, k.account, k."values"
from standing_kept k semi join standing_window using (side)
anti join standing_stale s on s.side = k.side - k.side % 2 and s.number = k.number
