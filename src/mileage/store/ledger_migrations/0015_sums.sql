-- What pages of one person read instead of everybody's calls and activities; both are
-- told from those below, a day at a time.

-- What a session used in an hour, as ``rollup_hour`` tells of a model.
drop table rollup_session;
create table rollup_session (
    hour bigint not null,
    day date not null,
    account varchar not null,
    client varchar not null,
    session ubigint not null,       -- the number of its name
    name varchar not null,
    calls bigint not null,
    input bigint not null,
    cache_read bigint not null,
    cache_write bigint not null,
    cache_write_1h bigint not null,
    output bigint not null,
    reasoning bigint not null,
    tool_input bigint not null,
    cost bigint,
    unpriced_calls bigint not null,
    unmeasured_calls bigint not null
);

-- Activities as they are in force: of each the largest amount, the earliest time, and of
-- all else what was told first, except that a personal credential knows better whose it
-- is. By the account that they were booked to: claims do not move them.
create table rollup_activity (
    hour bigint not null,
    day date not null,
    account varchar not null,
    client varchar not null,
    session ubigint not null,
    kind varchar not null,
    name varchar not null,
    precedence integer not null,
    facts bigint not null,
    amount bigint not null
);

-- How many calls of an hour have witnesses that differ.
alter table rollup_hour add column differing_calls bigint default 0;

update rollup_hour r
set differing_calls = c.differing_calls
from (
    select hour, account, client, provider, model, count(*) as differing_calls
    from joined_call j anti join superseded s on s.call_id = j.call_id and s.seq > j.seq
    where differs <> ''
    group by all
) c
where
    r.origin = 'calls' and r.hour = c.hour and r.account = c.account
    and r.client = c.client and r.provider = c.provider and r.model = c.model;
