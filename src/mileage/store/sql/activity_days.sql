select distinct day from activity order by day
