drop table junk
