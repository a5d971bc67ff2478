copy from database old to compacted (schema)
