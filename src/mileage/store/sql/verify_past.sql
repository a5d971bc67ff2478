-- Hours of which the copies of sums are not what the sums are, either way. Those of
-- everybody name no account.
with kept as (
    select 'hour' as unit, hour, account, hash(p) as told from past_hour p
    union all
    select 'session' as unit, hour, account, hash(p) as told from past_session p
    union all
    select 'activity' as unit, hour, account, hash(p) as told from past_activity p
    union all
    select 'total' as unit, hour, '' as account, hash(p) as told from past_total p
),
sums as (
    select 'hour' as unit, hour, account, hash(r) as told from rollup_hour r
    union all
    select 'session' as unit, hour, account, hash(r) as told from rollup_session r
    union all
    select 'activity' as unit, hour, account, hash(r) as told from rollup_activity r
    union all
    select 'total' as unit, hour, '' as account, hash(t) as told from hour_total t
),
past as (
    select * from sums where hour < (select max(hour) from past_until)
),
differing as (
    (select * from kept except all select * from past)
    union all
    (select * from past except all select * from kept)
)
select distinct hour, account, unit
from differing
anti join (
    select hour, account from past_changed
    union all
    select hour, '' from past_changed
) using (hour, account)
order by all
