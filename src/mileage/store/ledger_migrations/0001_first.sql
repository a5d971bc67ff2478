-- Append-only: no table below is ever updated. Only the roll-ups, which can be
-- recomputed from the calls at any time, are deleted from and written again.

create table witness (
    seq bigint not null,            -- number of the append that brought it
    recorded_at bigint not null,    -- UTC microseconds, never going back
    account varchar not null,
    asserted boolean not null,
    source varchar not null,
    key varchar not null,
    link varchar not null,
    session varchar not null,
    occurred_at bigint not null,
    client varchar not null,
    client_version varchar not null,
    provider varchar not null,
    model varchar not null,
    tier varchar not null,
    input bigint not null,
    cache_read bigint not null,
    cache_write bigint not null,
    cache_write_1h bigint not null,
    output bigint not null,
    reasoning bigint not null,
    tool_input bigint not null,
    reported_cost bigint,
    project varchar not null,
    agent varchar not null,
    copied boolean not null,
    attended boolean,
    identity varchar not null,
    utc_hour integer not null,      -- whole hours since 1970
    own_id ubigint not null,        -- hash of (source, key)
    group_id ubigint not null       -- hash of what it is joined by
);

-- A compact way from an id to the hours that hold it.
create table witness_hour (
    id ubigint not null,
    utc_hour integer not null,
    replayable boolean not null
);

create table call (
    seq bigint not null,
    recorded_at bigint not null,
    call_id varchar not null,
    account varchar not null,
    asserted boolean not null,
    session varchar not null,
    occurred_at bigint not null,
    hour bigint not null,           -- UTC second at which the zone's hour began
    day date not null,              -- in the organisation's zone
    client varchar not null,
    provider varchar not null,
    model varchar not null,
    tier varchar not null,
    input bigint not null,
    cache_read bigint not null,
    cache_write bigint not null,
    cache_write_1h bigint not null,
    output bigint not null,
    reasoning bigint not null,
    tool_input bigint not null,
    cost bigint,                    -- micro-dollars; null when unpriced
    price_version varchar not null,
    reported_cost bigint,
    project varchar not null,
    agent varchar not null,
    attended boolean,
    sources varchar not null,
    differs varchar not null
);

-- Ends every version of a call written before ``seq``.
create table superseded (
    call_id varchar not null,
    seq bigint not null,
    recorded_at bigint not null
);

create view current_call as
select c.* from call c
where not exists (
    select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
);

create table activity (
    seq bigint not null,
    recorded_at bigint not null,
    account varchar not null,
    asserted boolean not null,
    precedence integer not null,
    source varchar not null,
    key varchar not null,
    session varchar not null,
    occurred_at bigint not null,
    hour bigint not null,
    day date not null,
    client varchar not null,
    kind varchar not null,
    name varchar not null,
    amount bigint not null,
    attended boolean,
    own_id ubigint not null
);

create table rollup_hour (
    origin varchar not null,        -- 'calls' or 'simulated-rollup'
    hour bigint not null,
    day date not null,
    account varchar not null,
    client varchar not null,
    provider varchar not null,
    model varchar not null,
    calls bigint not null,
    input bigint not null,
    cache_read bigint not null,
    cache_write bigint not null,
    cache_write_1h bigint not null,
    output bigint not null,
    reasoning bigint not null,
    tool_input bigint not null,
    cost bigint,
    unpriced_calls bigint not null
);

create table rollup_day (
    origin varchar not null,
    day date not null,
    account varchar not null,
    client varchar not null,
    sessions bigint not null,
    calls bigint not null,
    tokens bigint not null,
    cost bigint,
    unpriced_calls bigint not null
);

create table rejection (
    seq bigint not null,
    recorded_at bigint not null,
    account varchar not null,
    source varchar not null,
    place varchar not null,
    reason varchar not null
);

-- What each append did, by source: the sums are the counters since the start.
create table tally (
    seq bigint not null,
    recorded_at bigint not null,
    source varchar not null,
    visible bigint not null,
    duplicates bigint not null,
    rejected bigint not null,
    ignored bigint not null
);

-- How far the write-ahead segments have been taken in; the last row counts.
create table position (
    seq bigint not null,
    segment bigint not null,
    record bigint not null
);

create table setting (
    name varchar not null,
    value varchar not null
);
