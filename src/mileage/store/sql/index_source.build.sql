INSERT INTO source
SELECT seen.source, seen.files, seen.witnesses, seen.rejected, seen.gone,
       coalesce(used.calls, 0), used.first, used.last
FROM (
    SELECT source, sum(gone = 0) AS files, sum(witnesses) AS witnesses,
           sum(rejected) AS rejected, sum(gone) AS gone
    FROM file
    GROUP BY source
) AS seen
LEFT JOIN (
    SELECT source, sum(calls) AS calls, min(first) AS first, max(last) AS last
    FROM usage
    GROUP BY source
) AS used ON used.source = seen.source
