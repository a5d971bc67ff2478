-- The windows that were written last, where, and how much of days lies in each.
create temp table if not exists standing_written (
    side smallint, "first" date, "last" date, cut date[], path varchar
)
