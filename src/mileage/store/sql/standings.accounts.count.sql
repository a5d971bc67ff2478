select count(*) from standing_account
