select min(recorded_at) as since, max(recorded_at) as until, max(seq) as seq from tally
