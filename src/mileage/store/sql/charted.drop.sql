drop table charted
