select count(*) from standing_values where side = 0
