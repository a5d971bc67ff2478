delete from superseded
