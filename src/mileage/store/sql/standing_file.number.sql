select file_row_number
from read_parquet($path, file_row_number = true)
where account_id = $account
