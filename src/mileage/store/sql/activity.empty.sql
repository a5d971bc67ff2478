delete from activity
