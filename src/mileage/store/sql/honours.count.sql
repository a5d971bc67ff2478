select count(*) from standing_kept where side = 0
