-- Lists of titles with who has them, as JSON columns.
create or replace temp table standing_titled as
select unnest(accounts[place]) as account, titles[place] as titles
from (
    select batch.*, unnest(range(1, len(batch.titles) + 1)) as place
    from (
        select from_json($rows::json, '{
            "titles": [["varchar"]], "accounts": [["varchar"]]
        }') as batch
    )
)
