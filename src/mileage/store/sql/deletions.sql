select number, deleted_at, kind, until, row_count, ids, policy, before, hash
from deletion
order by number
