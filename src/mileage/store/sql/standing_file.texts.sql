-- What each row is found by, in the order of rows: its name, department and team. Whoever
-- stands under another name stands in no department, and is found by nothing.
select
    case
        when account_id in (select unnest($unnamed::varchar[])) then ''
        else name || ' ' || department || ' ' || team
    end
from read_parquet($path, file_row_number = true)
order by file_row_number
