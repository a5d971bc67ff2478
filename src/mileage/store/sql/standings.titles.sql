-- Lists of titles that somebody has, numbered from 0.
create or replace temp table standing_titles as
select place - 1 as number, titles[place] as titles
from (
    select
        from_json($rows::json, '{"titles": [["varchar"]]}').titles as titles,
        unnest(range(1, len(titles) + 1)) as place
)
