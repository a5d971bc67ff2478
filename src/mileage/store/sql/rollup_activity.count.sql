select count(*) from rollup_activity
