-- Newer versions keep sessions of their second format apart.
SELECT *
FROM session_v2
WHERE id = :value
