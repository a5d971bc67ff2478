select table_name from duckdb_tables()
where database_name = 'old' and not temporary
order by table_name
