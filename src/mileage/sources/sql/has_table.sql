-- Views and virtual tables have no page of their own: they may compute without end.
SELECT 1
FROM sqlite_master
WHERE type = 'table' AND rootpage > 0 AND name = :value
