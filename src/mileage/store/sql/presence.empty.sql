delete from presence
