create table presence_next as select * from presence_day limit 0
