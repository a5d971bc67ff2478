SELECT data
FROM part
WHERE message_id = :value
ORDER BY id
LIMIT 1
