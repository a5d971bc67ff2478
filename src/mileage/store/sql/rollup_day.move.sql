-- Sums of deleted calls become somebody else's.
update rollup_day
set account = $to_account, origin = $to_origin
where account = $account and origin = $origin
