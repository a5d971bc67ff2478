select utc_hour, count(*) as witnesses from witness group by utc_hour order by utc_hour
