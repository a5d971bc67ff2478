select value from setting where name = $name
