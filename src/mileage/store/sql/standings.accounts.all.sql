select account from standing_account
