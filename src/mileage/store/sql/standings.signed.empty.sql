create temp table if not exists standing_signed (day date, held bigint, signature hugeint)
