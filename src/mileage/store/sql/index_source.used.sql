SELECT sum(calls), min(first), max(last) FROM usage WHERE source = :source
