create temp table if not exists standing_written_edge (
    side smallint, number integer, signature hugeint
)
