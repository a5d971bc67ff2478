delete from rollup_activity where day < $day
