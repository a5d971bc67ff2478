create or replace temp table standing_values_before as select * from standing_valued
