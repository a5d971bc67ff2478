delete from position
