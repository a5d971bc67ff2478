select value from setting where name = 'schema_version' order by value::integer desc limit 1
