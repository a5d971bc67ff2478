select "values" from standing_values_before order by account
