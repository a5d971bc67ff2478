create or replace temp table standing_weighed as select $lenses as lenses
