delete from standing_written where side in (select side from standing_window)
