select distinct hour from hours_of($account, $until, $changed::bigint[])
