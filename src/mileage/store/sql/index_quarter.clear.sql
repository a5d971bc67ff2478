DELETE FROM quarter WHERE quarter IN (SELECT quarter FROM temp.changed)
