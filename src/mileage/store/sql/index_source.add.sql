-- Its files are counted at the end; without a first call nothing was added up yet.
INSERT INTO source (source, files, witnesses, rejected, gone, calls, first, last)
VALUES (?1, 0, 0, 0, 0, ?2, ?13, ?14)
ON CONFLICT (source) DO UPDATE SET
    calls = calls + excluded.calls,
    first = coalesce(min(first, excluded.first), excluded.first),
    last = coalesce(max(last, excluded.last), excluded.last)
