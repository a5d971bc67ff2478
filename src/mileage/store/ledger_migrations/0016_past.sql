-- Copies of the sums of past hours, those of an account beside each other, so that asking
-- about one does not read about everybody. They are made anew now and then; what is newer
-- is read from the sums themselves, and so are the hours that have changed meanwhile.
create table past_hour as select * from rollup_hour limit 0;
create table past_session as select * from rollup_session limit 0;
create table past_activity as select * from rollup_activity limit 0;

-- Before which hour the copies are whole; one row.
create table past_until (hour bigint not null);
insert into past_until values (0);

-- Past hours in which something has changed since the copies were made.
create table past_changed (
    hour bigint not null,
    account varchar not null
);

create macro hours_of(who) as table
select *
from past_hour
where
    account = who and hour < (select max(hour) from past_until)
    and hour not in (select hour from past_changed where account = who)
union all by name
select * from rollup_hour
where account = who and hour >= (select max(hour) from past_until)
union all by name
select r.*
from rollup_hour r join (
    select distinct hour from past_changed
    where account = who and hour < (select max(hour) from past_until)
) using (hour)
where account = who;

create macro sessions_of(who) as table
select *
from past_session
where
    account = who and hour < (select max(hour) from past_until)
    and hour not in (select hour from past_changed where account = who)
union all by name
select * from rollup_session
where account = who and hour >= (select max(hour) from past_until)
union all by name
select r.*
from rollup_session r join (
    select distinct hour from past_changed
    where account = who and hour < (select max(hour) from past_until)
) using (hour)
where account = who;

-- Of several accounts: claims do not move what was done beside calls.
create macro activity_of(those) as table
select *
from past_activity p
where
    account in (select unnest(those)) and hour < (select max(hour) from past_until)
    and not exists (
        select 1 from past_changed c where c.account = p.account and c.hour = p.hour
    )
union all by name
select * from rollup_activity
where account in (select unnest(those)) and hour >= (select max(hour) from past_until)
union all by name
select r.*
from rollup_activity r join (
    select distinct hour, account from past_changed
    where
        account in (select unnest(those))
        and hour < (select max(hour) from past_until)
) using (hour, account);
