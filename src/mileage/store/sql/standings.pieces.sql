-- The parts of days that sides cut off; what several share is added up once.
create or replace temp table standing_piece as
select row_number() over () as piece, *
from (select distinct day, since, until from standing_day where cut)
