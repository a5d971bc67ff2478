select account, "values"[$place] from standing_measured where side = $side order by account
