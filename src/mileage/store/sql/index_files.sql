SELECT number, path, source, inode, size, mtime, witnesses, rejected, gone FROM file
