-- Rows with every word somewhere in their name, department or team.
with told as (
    select
        file_row_number,
        lower(
            case when account_id in (select unnest($unnamed::varchar[])) then '' else name end
            || ' ' || department || ' ' || team
        ) as words
    from read_parquet($path, file_row_number = true)
)
select file_row_number
from told
where list_bool_and(list_transform($words::varchar[], lambda word: contains(words, word)))
