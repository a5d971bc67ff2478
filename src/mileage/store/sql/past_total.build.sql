create or replace table past_total as
select * from hour_total where hour < $until order by hour
