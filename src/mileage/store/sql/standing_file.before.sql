-- What the same accounts had in the period before.
select before[$lens] as value
from read_parquet($path)
where
    before[$lens] > 0
    and kind in (select unnest($kinds::varchar[]))
    and ($department is null or department = $department)
    and ($team is null or team = $team)
    and account_id not in (select unnest($without::varchar[]))
order by value desc
