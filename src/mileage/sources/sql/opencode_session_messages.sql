SELECT rowid, id, session_id, data, type
FROM session_message
WHERE rowid > :after
ORDER BY rowid
LIMIT :rows
