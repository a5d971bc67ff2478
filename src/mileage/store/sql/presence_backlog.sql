-- What the witnesses of an older ledger tell, by quarter of an hour: days are cut
-- by the organisation's zone, and every offset in use is a multiple of a quarter.
select
    account, source, client, client_version, occurred_at // 900000000 as quarter,
    max(seq) as seq, max(recorded_at) as recorded_at,
    min(occurred_at) as first, max(occurred_at) as last, count(*) as witnesses
from witness
group by all
order by all
