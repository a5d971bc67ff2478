INSERT INTO file
    (number, path, source, inode, size, mtime, witnesses, rejected, gone, outside)
VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (number) DO UPDATE SET
    inode = excluded.inode, size = excluded.size, mtime = excluded.mtime,
    witnesses = excluded.witnesses, rejected = excluded.rejected, gone = excluded.gone,
    outside = excluded.outside
