update rollup_hour set origin = 'retained' where origin = 'calls' and day < $day
