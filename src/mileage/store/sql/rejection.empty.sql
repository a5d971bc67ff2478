delete from rejection
