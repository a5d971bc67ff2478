delete from rollup_session
