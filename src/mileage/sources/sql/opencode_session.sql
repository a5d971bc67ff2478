-- Its columns differ from version to version.
SELECT *
FROM session
WHERE id = :value
