-- Most calls have one witness, and nothing that could belong to it. Such a plain call is
-- one row, which says what the witness and the call say. As soon as something could
-- belong to it, the row is taken out and stands as a witness and a call of its own, of
-- the same append as before. ``witness`` and ``call`` show both kinds alike.

drop view current_call;
alter table witness rename to joined_witness;
alter table call rename to joined_call;

-- The number by which a name (a key, or an id that sources share) is found. Ids that end
-- in 24 hexadecimal digits are kept as their parts: text is longer.
create macro is_packed(name) as regexp_full_match(name, '(?s).*[0-9a-f]{24}');
create macro number(name) as
    case
        when is_packed(name) then ('0x' || substr(name, -24, 16))::ubigint
        else md5_number_lower(name)
    end;
create macro name_head(name) as
    case when is_packed(name) then left(name, -24) else name end;
create macro name_tail(name) as
    case when is_packed(name) then ('0x' || right(name, 8))::uinteger end;
create macro whole_name(head, numbered, tail) as
    case
        when tail is null then head
        else head || lpad(lower(to_hex(numbered)), 16, '0') || lpad(lower(to_hex(tail)), 8, '0')
    end;

create table plain_call (
    seq bigint not null,
    recorded_at bigint not null,
    account varchar not null,
    asserted boolean not null,
    source varchar not null,
    replayable boolean not null,
    key_head varchar not null,
    key_number ubigint not null,
    key_tail uinteger,              -- null: the head is the whole key
    link varchar,                   -- null: the same as the key
    link_number ubigint,            -- null: the same as the key's, or no link
    session varchar not null,
    occurred_at bigint not null,
    utc_hour integer not null,
    hour bigint not null,
    day date not null,
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
    cost bigint,
    price_version varchar not null,
    reported_cost bigint,
    project varchar not null,
    agent varchar not null,
    copied boolean not null,
    attended boolean,
    identity varchar not null
);

create view plain_named as
select
    * replace (coalesce(link, whole_name(key_head, key_number, key_tail)) as link),
    whole_name(key_head, key_number, key_tail) as key,
    rowid as place
from plain_call;

create view witness as
select * from joined_witness
union all by name
select
    seq, recorded_at, account, asserted, source, key, link, session, occurred_at,
    client, client_version, provider, model, tier, input, cache_read, cache_write,
    cache_write_1h, output, reasoning, tool_input, reported_cost, project, agent,
    copied, attended, identity, utc_hour, null::ubigint as own_id, '' as measure
from plain_named;

create view plain_as_call as
select
    place, seq, recorded_at,
    -- As ``domain.belief.call_id`` has it.
    left(sha256(
        client || chr(0)
        || case when link <> '' then 'link:' || link else source || ':' || key end
    ), 32) as call_id,
    account, asserted, session, occurred_at, hour, day, client, provider, model, tier,
    input, cache_read, cache_write, cache_write_1h, output, reasoning, tool_input,
    cost, price_version, reported_cost, project, agent, attended, source as sources,
    '' as differs, '' as measure, '' as inflated, '' as own_ids
from plain_named;

create view call as
select * from joined_call
union all by name
select * exclude (place) from plain_as_call;

create view current_call as
select c.* from joined_call c
where not exists (
    select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
)
union all by name
select * exclude (place) from plain_as_call;

-- Which sessions had calls in an hour: their numbers cannot be added up.
create macro session_number(session) as md5_number_lower(session);

create table rollup_session (
    hour bigint not null,
    day date not null,
    account varchar not null,
    client varchar not null,
    session ubigint not null
);

insert into rollup_session
select distinct hour, day, account, client, session_number(session) as session
from current_call;
