select count(*)
from read_parquet($path)
where account_id in (select unnest($accounts::varchar[]))
