-- How many calls of an hour somebody attended, and how many nobody did, as clients tell.
-- Calls of which nobody knows are in neither, nor are hours without calls behind them.

alter table rollup_hour add column attended_calls bigint default 0;
alter table rollup_hour add column unattended_calls bigint default 0;

update rollup_hour r
set attended_calls = c.attended_calls, unattended_calls = c.unattended_calls
from (
    select
        hour, account, client, provider, model,
        count(*) filter (where attended) as attended_calls,
        count(*) filter (where not attended) as unattended_calls
    from current_call
    where attended is not null
    group by all
) c
where
    r.origin = 'calls' and r.hour = c.hour and r.account = c.account
    and r.client = c.client and r.provider = c.provider and r.model = c.model;
