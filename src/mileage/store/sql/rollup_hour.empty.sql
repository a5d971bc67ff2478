delete from rollup_hour
