create temp table if not exists standing_mark (day date, number integer, signature hugeint)
