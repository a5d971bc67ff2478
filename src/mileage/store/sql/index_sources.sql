SELECT file.source,
       sum(file.gone = 0) AS files,
       sum(file.witnesses) AS witnesses,
       sum(file.rejected) AS rejected,
       sum(file.gone) AS gone
FROM file
GROUP BY file.source
