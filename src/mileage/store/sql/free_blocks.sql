select block_size, free_blocks from pragma_database_size()
