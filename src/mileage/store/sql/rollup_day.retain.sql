update rollup_day set origin = 'retained' where origin = 'calls' and day < $day
