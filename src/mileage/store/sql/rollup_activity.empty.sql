delete from rollup_activity
