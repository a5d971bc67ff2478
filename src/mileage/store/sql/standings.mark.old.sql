delete from standing_mark where day < $since
