select distinct department from read_parquet($path) where department <> ''
