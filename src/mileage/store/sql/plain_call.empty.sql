delete from plain_call
