create or replace temp table standing_signed as select * from standing_signing
