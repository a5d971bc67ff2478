delete from standing_mark where day in (select unnest($days::date[]))
