select to_json(row)::varchar from read_parquet($path) row
