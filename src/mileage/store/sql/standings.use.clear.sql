delete from standing_use where day in (select unnest($days::date[]))
