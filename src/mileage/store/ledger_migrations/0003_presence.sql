-- Who was heard of where, on which day: what completeness is told from. One row an
-- append, account, source, machine, day and version of the client. Append-only.
create table presence (
    seq bigint not null,
    recorded_at bigint not null,
    account varchar not null,
    source varchar not null,
    client varchar not null,
    machine varchar not null,         -- opaque; '' when nobody said
    day date not null,                -- in the organisation's zone
    client_version varchar not null,
    first bigint not null,            -- UTC microseconds of the earliest call
    last bigint not null,
    witnesses bigint not null,
    least_delay bigint                -- received less occurred; null unless live
);
