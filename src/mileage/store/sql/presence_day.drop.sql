drop table presence_day
