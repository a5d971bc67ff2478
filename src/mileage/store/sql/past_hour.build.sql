create or replace table past_hour as
select * from rollup_hour where hour < $until order by account, hour
