-- What is known of the logs below one set of home folders.
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One row a file, also when it is gone; what decides whether it has changed.
CREATE TABLE file (
    number INTEGER PRIMARY KEY,
    path BLOB NOT NULL,          -- as the system has it, in whatever encoding
    source TEXT NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,      -- nanoseconds
    witnesses INTEGER NOT NULL,  -- calls in it, each once
    rejected INTEGER NOT NULL,   -- lines that could not be read
    gone INTEGER NOT NULL        -- 1: no longer on disk, its calls still count
);

-- Apart from ``file``, because most runs need nothing of it.
CREATE TABLE content (
    number INTEGER PRIMARY KEY,
    keys BLOB NOT NULL,          -- hashes of the calls' keys, 8 bytes each
    body BLOB NOT NULL,          -- the calls (MessagePack)
    mark BLOB NOT NULL           -- where and how to read on (MessagePack), or empty
);

-- Sums by quarter of an hour; each call in the first file that has it.
CREATE TABLE usage (
    number INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    tool_input INTEGER NOT NULL,
    cost INTEGER,
    unpriced_calls INTEGER NOT NULL,
    unmeasured_calls INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    client TEXT NOT NULL,
    source TEXT NOT NULL,
    model TEXT NOT NULL,
    session TEXT NOT NULL,
    project TEXT NOT NULL,
    provider TEXT NOT NULL,
    tier TEXT NOT NULL,
    agent TEXT NOT NULL
);

CREATE INDEX usage_number ON usage (number);

-- ``usage`` over all files and dimensions, written with every change: what most runs
-- ask for, and all that they read.
CREATE TABLE quarter (
    quarter INTEGER PRIMARY KEY,
    calls INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    tool_input INTEGER NOT NULL,
    cost INTEGER,
    unpriced_calls INTEGER NOT NULL,
    unmeasured_calls INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL
);

-- Files and calls of each source, likewise.
CREATE TABLE source (
    source TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    witnesses INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    first INTEGER,
    last INTEGER
) WITHOUT ROWID;
