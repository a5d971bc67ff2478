drop table kept
