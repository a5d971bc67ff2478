delete from plain_call where day < $day
