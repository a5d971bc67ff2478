select count(*) from current_call where day < $day
