create or replace table past_activity as
select * from rollup_activity where hour < $until order by account, hour
