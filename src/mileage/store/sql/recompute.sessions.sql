-- Sessions of every account, for the sides of ``recompute.use``.
with told as (
    select 'then' as side, account, client, session from call_as_of($seq)
    where hour >= $start and hour < $until
    union all
    select 'before' as side, account, client, session from call_as_of($seq)
    where hour >= $before and hour < $start
    union all
    select 'now' as side, account, client, session from call_as_of($last)
    where hour >= $start and hour < $until
),
lasting as (
    select unnest(['then', 'now']) as side, account, sessions
    from rollup_day
    where origin <> 'calls' and day >= $first_day and day <= $last_day
    union all
    select 'before' as side, account, sessions
    from rollup_day
    where origin <> 'calls' and day >= $first_day_before and day <= $last_day_before
),
counted as (
    select side, account, count(distinct (client, session)) as sessions
    from told
    group by side, account
    union all
    select side, account, sessions from lasting
)
select account, side, sum(sessions)::bigint from counted group by account, side
