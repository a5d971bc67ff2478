select count(*) from rollup_hour
