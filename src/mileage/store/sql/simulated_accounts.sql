select distinct account from rollup_day where origin = 'simulated-rollup'
