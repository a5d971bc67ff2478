-- Of a window that is not made this time, what changes meanwhile is not looked for.
delete from standing_written where side not in (select side from standing_period)
