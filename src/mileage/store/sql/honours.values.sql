select account, "values" from standing_values where side = 0 order by account
