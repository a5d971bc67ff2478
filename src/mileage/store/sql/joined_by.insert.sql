insert into joined_by (seq, recorded_at, rules) values ($seq, $recorded_at, $rules)
