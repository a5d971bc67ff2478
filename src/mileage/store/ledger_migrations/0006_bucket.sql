-- What providers counted themselves. Append-only: of one bucket the version recorded
-- last is the one in force.

create table bucket (
    recorded_at bigint not null,    -- UTC microseconds
    bucket_id varchar not null,     -- of all that tells it from other buckets
    source varchar not null,
    provider varchar not null,
    account varchar not null,       -- with the provider
    start bigint not null,
    "end" bigint not null,          -- not included
    model varchar not null,
    dimensions varchar not null,
    requests bigint,
    prompt bigint,
    answer bigint,
    cache_read bigint,
    cache_write bigint,
    reasoning bigint,
    cost bigint                     -- micro-dollars
);
