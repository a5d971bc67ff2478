INSERT INTO content (number, keys, body, mark) VALUES (:number, :keys, :body, :mark)
ON CONFLICT (number) DO UPDATE SET
    keys = excluded.keys, body = excluded.body, mark = excluded.mark
