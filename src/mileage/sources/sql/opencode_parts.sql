SELECT rowid, id, session_id, data
FROM part
WHERE rowid > :after
ORDER BY rowid
LIMIT :rows
