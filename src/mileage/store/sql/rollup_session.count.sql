select count(*) from rollup_session
