SELECT rowid
FROM part
WHERE rowid > :value
ORDER BY rowid
LIMIT 1
