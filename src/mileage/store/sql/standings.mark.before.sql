create or replace temp table standing_mark_before as
from standing_mark where day in (select unnest($days::date[]))
