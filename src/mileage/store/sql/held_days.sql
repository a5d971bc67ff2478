-- What is kept of one account's use, a day and client, whatever became of the calls.
select
    day, client,
    sum(calls)::bigint as calls,
    sum(tokens)::bigint as tokens,
    sum(cost)::bigint as cost,
    sum(unpriced_calls)::bigint as unpriced_calls
from rollup_day
where account = $account
group by day, client
order by day, client
