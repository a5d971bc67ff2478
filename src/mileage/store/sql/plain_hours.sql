select distinct utc_hour from plain_call order by utc_hour
