insert into standing_account
select
    (select count(*) from standing_account) + row_number() over () as number, account
from (
    select distinct account from rollup_hour where day in (select unnest($days::date[]))
)
anti join standing_account using (account)
