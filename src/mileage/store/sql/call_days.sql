select distinct day from rollup_day where origin = 'calls' order by day
