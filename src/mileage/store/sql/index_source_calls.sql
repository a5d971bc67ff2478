SELECT source, sum(calls), min(first), max(last) FROM usage GROUP BY source
