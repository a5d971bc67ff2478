select account, "values" from standing_values order by account
