select coalesce(max(seq), 0), coalesce(max(recorded_at), 0) from tally
