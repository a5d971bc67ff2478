-- The kinds of rejections that some accounts have on the day of an append.
select account, source, reason, client_version
from rejection
where
    day = make_timestamp($recorded_at)::date
    and account in (select unnest($accounts))
