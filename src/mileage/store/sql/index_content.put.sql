INSERT INTO content (number, keys, body, mark) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (number) DO UPDATE SET
    keys = excluded.keys, body = excluded.body, mark = excluded.mark
