delete from presence_day
