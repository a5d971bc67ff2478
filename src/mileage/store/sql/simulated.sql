select count(distinct account), coalesce(sum(calls), 0)::bigint
from rollup_hour
where origin = 'simulated-rollup'
