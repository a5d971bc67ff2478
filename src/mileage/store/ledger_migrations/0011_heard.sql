-- A roll-up of ``presence``: its appends of one day are one row, and the rows of an
-- account lie together, so that asking about one does not read about everybody. It can
-- be told from ``presence`` again at any time.
create table presence_day (
    account varchar not null,
    source varchar not null,
    client varchar not null,
    machine varchar not null,
    day date not null,
    client_version varchar not null,
    first bigint not null,
    last bigint not null,
    recorded_at bigint not null,      -- of the latest append
    witnesses bigint not null,
    least_delay bigint
);

-- Up to which append the roll-up goes, one row.
create table presence_rolled (seq bigint not null);

-- The roll-up, and what has been heard since append ``after``.
create macro heard_since(after) as table
select * from presence_day
union all by name
select * exclude (seq) from presence where seq > after;
