delete from setting
