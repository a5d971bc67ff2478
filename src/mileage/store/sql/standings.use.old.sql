delete from standing_use where day < $since
