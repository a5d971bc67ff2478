insert into scrubbed values ($number, $at)
