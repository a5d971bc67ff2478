select side, path from standing_written where path is not null
