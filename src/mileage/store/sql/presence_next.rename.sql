alter table presence_next rename to presence_day
