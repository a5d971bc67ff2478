insert into setting (name, value) values ($name, $value)
