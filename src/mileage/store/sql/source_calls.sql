select source, count(*) as calls
from (select unnest(string_split(sources, ' ')) as source from current_call)
group by source
