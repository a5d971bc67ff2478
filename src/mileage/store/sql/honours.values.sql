select account, "values"[$place] from standing_values where side = $side order by account
