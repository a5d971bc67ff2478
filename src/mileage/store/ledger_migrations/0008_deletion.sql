-- What was deleted by policy, and the proof of it: every row has the hash of the one
-- before it in its own, so that none can be changed or left out. Append-only.
create table deletion (
    number bigint not null,         -- 1, 2, 3, ...
    deleted_at bigint not null,     -- UTC microseconds
    kind varchar not null,          -- calls, activities, rejections, snapshots
    until bigint not null,          -- UTC microseconds: everything before
    row_count bigint not null,
    ids varchar not null,           -- SHA-256 of the ids of what was deleted
    policy varchar not null,        -- the setting that asked for it
    before varchar not null,        -- the hash of the row before, or ''
    hash varchar not null
);

-- Up to which deletion the bytes are gone from the file as well; the largest counts.
create table scrubbed (
    number bigint not null,
    scrubbed_at bigint not null
);
