SELECT rowid, id, session_id, data
FROM message
WHERE rowid > :after
ORDER BY rowid
LIMIT :rows
