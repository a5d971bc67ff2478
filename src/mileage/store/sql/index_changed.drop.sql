DROP TABLE temp.changed
