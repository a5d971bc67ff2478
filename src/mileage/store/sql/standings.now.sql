create or replace temp table standing_now as select * from standing_measured
