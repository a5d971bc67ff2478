select max(recorded_at) from bucket
