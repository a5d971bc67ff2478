UPDATE source SET calls = ?2, first = ?3, last = ?4 WHERE source = ?1
