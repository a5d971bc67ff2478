select * from witness_owned where account = $account order by occurred_at, source, key
