delete from arriving where pos in (select unnest($places::integer[]))
