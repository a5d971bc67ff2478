select * from activity_owned where account = $account order by occurred_at, source, key
