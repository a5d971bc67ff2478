INSERT INTO content (number, keys, body, mark) VALUES (?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET
    keys = excluded.keys, body = excluded.body, mark = excluded.mark
