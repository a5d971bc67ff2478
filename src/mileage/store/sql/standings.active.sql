select filename, kind, count(*)
from read_parquet($paths, filename = true)
where calls > 0
group by all
