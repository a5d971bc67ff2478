-- Rejections added up: one row a day, source, reason, version of the client and account,
-- with exact counts. One hostile client cannot fill the disk: the kinds of an account
-- that are told apart on one day are bounded, and what exceeds them is one kind.

alter table rejection rename to rejection_line;

create table rejection (
    day date not null,                -- UTC, of the append
    source varchar not null,
    reason varchar not null,
    client_version varchar not null,
    account varchar not null,         -- whose credential brought it; '' none
    records bigint not null,
    first bigint not null,            -- UTC microseconds of the first append
    last bigint not null,
    place varchar not null,           -- of the latest
    sample varchar not null           -- keys and types of one record, or ''
);

insert into rejection
select
    make_timestamp(recorded_at)::date as day, source, reason, '' as client_version,
    account, count(*) as records, min(recorded_at) as first, max(recorded_at) as last,
    arg_max(place, seq) as place, '' as sample
from rejection_line
group by day, source, reason, account
order by day;

drop table rejection_line;
