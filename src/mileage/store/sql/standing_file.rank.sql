-- Whoever has a value, highest first. Rows lie in the order of accounts.
select file_row_number, "values"[$lens] as value
from read_parquet($path, file_row_number = true)
where
    "values"[$lens] > 0
    and kind in (select unnest($kinds::varchar[]))
    and ($department is null or department = $department)
    and ($team is null or team = $team)
    and account_id not in (select unnest($without::varchar[]))
order by value desc, file_row_number
