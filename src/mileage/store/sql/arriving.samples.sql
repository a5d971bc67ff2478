-- One row of each kind in each session: ids are of a kind by how they begin.
select min(pos)
from arriving
group by
    session, account, source, client, measure,
    case when packed then key_head else regexp_extract(key, '^[a-z]{2,12}[_-]') end,
    case
        when link = key then null
        when contains(link, ' ') then '  ' || link
        when link <> '' then ' ' || regexp_extract(link, '^[a-z]{2,12}[_-]')
        else ''
    end
