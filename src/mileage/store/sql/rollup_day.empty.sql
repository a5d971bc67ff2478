delete from rollup_day
