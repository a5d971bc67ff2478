SELECT rowid
FROM message
WHERE rowid > :value
ORDER BY rowid
LIMIT 1
