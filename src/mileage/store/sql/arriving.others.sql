-- The rows that may belong to something else.
select pos
from arriving
where
    not eligible
    or session in (select unnest($sessions::varchar[]))
    or account in (select unnest($accounts::varchar[]))
    or key_number in (select number from met)
    or key_elsewhere in (select number from met)
    or link_number in (select number from met)
    or link_as_key in (select number from met)
order by pos
