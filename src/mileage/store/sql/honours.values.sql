select account, "values"[$place] from standing_kept where side = 0 order by account
