-- Where to part the accounts, so that a few of them are added up at a time: the first of
-- each part but the first. Only roughly even, and right for accounts that are not here.
select min(account)
from (
    select account, (row_number() over (order by account) - 1) // $accounts as part
    from (select distinct account from rollup_hour)
)
where part > 0
group by part
order by part
