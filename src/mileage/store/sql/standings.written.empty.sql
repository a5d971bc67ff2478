-- The windows that were written last, and where.
create temp table if not exists standing_written (
    side smallint, "first" date, "last" date, "start" bigint, "end" bigint, path varchar
)
