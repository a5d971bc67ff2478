drop table told_again
