-- All but the first rows of a file.
DELETE FROM usage
WHERE rowid IN (
    SELECT rowid FROM usage WHERE number = ?1 ORDER BY rowid LIMIT -1 OFFSET ?2
)
