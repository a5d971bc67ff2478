INSERT INTO file
    (number, path, source, inode, size, mtime, witnesses, rejected, gone)
VALUES
    (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number) DO UPDATE SET
    inode = excluded.inode, size = excluded.size, mtime = excluded.mtime,
    witnesses = excluded.witnesses, rejected = excluded.rejected, gone = excluded.gone
