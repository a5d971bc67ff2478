delete from standing_written where side in ($side, $side + 1)
