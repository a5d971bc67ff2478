delete from deletion
