delete from standing_use_tool where day in (select unnest($days::date[]))
