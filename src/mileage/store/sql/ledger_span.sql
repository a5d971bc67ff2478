select
    (select min(recorded_at) from tally) as since,
    (select max(recorded_at) from tally) as until,
    (select max(seq) from tally) as seq,
    (select count(distinct account) from rollup_hour where origin <> 'calls')
        as simulated_accounts,
    (select coalesce(sum(calls), 0)::bigint from rollup_hour where origin <> 'calls')
        as simulated_calls
