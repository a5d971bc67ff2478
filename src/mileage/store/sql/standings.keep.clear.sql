delete from standing_kept where side in (select side from standing_window)
