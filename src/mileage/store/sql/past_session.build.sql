create or replace table past_session as
select * from rollup_session where hour < $until order by account, hour
