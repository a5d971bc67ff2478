select count(*) from activity where day < $day
