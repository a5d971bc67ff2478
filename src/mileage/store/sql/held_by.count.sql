-- How many rows of which kinds name an account.
select
    (select count(*) from witness where account = $account) as witnesses,
    (select count(*) from activity where account = $account) as activities,
    (select count(*) from rollup_hour where account = $account) as hours,
    (select count(*) from presence where account = $account)
    + (select count(*) from presence_day where account = $account) as presences
