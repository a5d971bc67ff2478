-- A witness can be known by several ids, and to sources of other clients. Both tables
-- are told from the witnesses again whenever the rules of joining change.

drop table witness_hour;
alter table witness drop column group_id;

-- From an id (its own, one that other sources share, its session) to a witness.
create table witness_id (
    id ubigint not null,
    own_id ubigint not null,
    utc_hour integer not null,
    replayable boolean not null
);

-- What kinds of witnesses a session has, one row each: whether anything in it could
-- be matched without a shared id, and whether anything but gap fillers saw it.
-- For an account: the gateways that saw calls of it.
create table session_profile (
    session_id ubigint not null,
    profile varchar not null
);

-- By which rules the calls were derived, one row a change; the last one counts.
create table joined_by (
    seq bigint not null,
    recorded_at bigint not null,
    rules varchar not null
);
