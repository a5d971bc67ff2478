delete from rollup_session where day < $day
