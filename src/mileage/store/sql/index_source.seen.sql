INSERT INTO source (source, files, witnesses, rejected, gone, calls)
SELECT source, sum(gone = 0), sum(witnesses), sum(rejected), sum(gone), 0
FROM file
WHERE outside = 0
GROUP BY source
ON CONFLICT (source) DO UPDATE SET
    files = excluded.files, witnesses = excluded.witnesses,
    rejected = excluded.rejected, gone = excluded.gone
