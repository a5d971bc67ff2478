delete from rejection where day < $day
