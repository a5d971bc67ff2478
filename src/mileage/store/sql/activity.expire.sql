delete from activity where day < $day
