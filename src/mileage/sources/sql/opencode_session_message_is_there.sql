SELECT 1
FROM session_message
WHERE id = :value
