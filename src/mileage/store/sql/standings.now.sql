create or replace temp table standing_now as
select m.* replace (a.account as account)
from standing_measured m join standing_account a on a.number = m.account
