INSERT INTO temp.changed (quarter) VALUES (?1)
