create or replace temp table standing_values as select * from standing_valued
