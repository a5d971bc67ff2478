delete from presence_rolled
