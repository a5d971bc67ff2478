-- Only calls of several witnesses can have some that differ.
with used as (
    select
        coalesce(sum(attended_calls), 0)::bigint as attended,
        coalesce(sum(unattended_calls), 0)::bigint as unattended
    from rollup_hour
    where
        origin = 'calls' and account = $account and hour >= $start and hour < $end
),
joined as (
    select count(*) as differing
    from joined_call c
    where
        account = $account and hour >= $start and hour < $end and differs <> ''
        and not exists (
            select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
        )
)
select attended, unattended, differing from used, joined
