delete from standing_written_edge where side in (select side from standing_window)
