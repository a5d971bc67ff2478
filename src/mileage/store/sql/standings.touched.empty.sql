-- Whose use of which days is not what it was when standings were made last.
create or replace temp table standing_touched (day date, number integer)
