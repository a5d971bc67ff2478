delete from standing_use_tool where day < $since
