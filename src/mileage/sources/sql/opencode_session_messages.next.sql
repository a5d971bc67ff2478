SELECT rowid
FROM session_message
WHERE rowid > :value
ORDER BY rowid
LIMIT 1
