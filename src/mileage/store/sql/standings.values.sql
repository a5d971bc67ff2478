create or replace temp table standing_values as
select a.account, v."values"
from standing_valued v join standing_account a on a.number = v.account
