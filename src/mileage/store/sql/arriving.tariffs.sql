select distinct provider, model, tier, occurred_at // 86400000000 as utc_day
from arriving
