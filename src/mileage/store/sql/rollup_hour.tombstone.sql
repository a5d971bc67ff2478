update rollup_hour
set
    account = case when account = $account then $tombstone else account end,
    origin = case
        when origin = 'retained:' || $account then 'retained:' || $tombstone
        else origin
    end
where account = $account or origin = 'retained:' || $account
