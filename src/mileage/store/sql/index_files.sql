SELECT number, path, source, inode, size, mtime, witnesses, rejected, gone, outside
FROM file
