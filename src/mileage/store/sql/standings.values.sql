create or replace temp table standing_values as
select v.side, a.account, v."values"
from standing_valued v join standing_account a using (number)
