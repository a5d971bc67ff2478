select count(*) from rollup_day
