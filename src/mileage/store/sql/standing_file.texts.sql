-- What each row is found by, in the order of rows: its name, department and team.
select
    case when account_id in (select unnest($unnamed::varchar[])) then '' else name end
    || ' ' || department || ' ' || team
from read_parquet($path, file_row_number = true)
order by file_row_number
