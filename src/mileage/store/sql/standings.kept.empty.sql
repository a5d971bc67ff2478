create temp table if not exists standing_kept as from standing_measured limit 0
