delete from bucket
