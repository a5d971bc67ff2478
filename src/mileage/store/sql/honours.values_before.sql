select account, "values" from standing_values where side = $side order by account
