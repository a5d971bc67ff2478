-- Who the accounts are, and the place of the tier that they had, from 1; some have used
-- nothing and have no number.
create or replace temp table standing_chart as
select a.number, c.*
from charted c left join standing_account a on a.account = c.account_id
