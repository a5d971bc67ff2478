SELECT 1
FROM message
WHERE id = :value
