-- Nothing has been added up of one without a first call.
UPDATE source SET
    calls = calls + ?2,
    first = coalesce(min(first, ?3), ?3),
    last = coalesce(max(last, ?4), ?4)
WHERE source = ?1
