-- Up to where copies of past hours are read, and which of those have changed, is looked up
-- before and given to what reads: a statement that knows both is planned in half the time,
-- and looks for no changed hours among everybody's where there are none.
drop macro table hours_of;
drop macro table sessions_of;
drop macro table activity_of;

create macro hours_of(who, until, changed) as table
select *
from past_hour
where account = who and hour < until and not list_contains(changed, hour)
union all by name
select * from rollup_hour where account = who and hour >= until
union all by name
select *
from rollup_hour
where account = who and len(changed) > 0 and hour in (select unnest(changed));

create macro sessions_of(who, until, changed) as table
select *
from past_session
where account = who and hour < until and not list_contains(changed, hour)
union all by name
select * from rollup_session where account = who and hour >= until
union all by name
select *
from rollup_session
where account = who and len(changed) > 0 and hour in (select unnest(changed));

-- Of several accounts: claims do not move what was done beside calls.
create macro activity_of(those, until, changed) as table
select *
from past_activity
where
    list_contains(those, account) and hour < until
    and not list_contains(changed, hour)
union all by name
select * from rollup_activity where list_contains(those, account) and hour >= until
union all by name
select *
from rollup_activity
where
    list_contains(those, account) and len(changed) > 0
    and hour in (select unnest(changed));

-- What everybody used in an hour, and a copy of that of past hours.
create view hour_total as
select
    hour, day, origin, client, provider, model,
    sum(calls)::bigint as calls,
    sum(input)::bigint as input,
    sum(cache_read)::bigint as cache_read,
    sum(cache_write)::bigint as cache_write,
    sum(cache_write_1h)::bigint as cache_write_1h,
    sum(output)::bigint as output,
    sum(reasoning)::bigint as reasoning,
    sum(tool_input)::bigint as tool_input,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls,
    sum(unmeasured_calls)::bigint as unmeasured_calls
from rollup_hour
group by hour, day, origin, client, provider, model;

create table past_total as
select * from hour_total where hour < (select max(hour) from past_until) order by hour;

create macro hours_of_all(until, changed) as table
select *
from past_total
where hour < until and not list_contains(changed, hour)
union all by name
select * from rollup_hour where hour >= until
union all by name
select *
from rollup_hour
where len(changed) > 0 and hour in (select unnest(changed));
