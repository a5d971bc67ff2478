-- Every window and the period before it, side by side, as JSON columns.
create or replace temp table standing_period as
select
    unnest(batch.side) as side,
    unnest(batch."first") as "first",
    unnest(batch."last") as "last",
    unnest(batch."start") as "start",
    unnest(batch."end") as "end",
    unnest(batch.cut) as cut
from (
    select from_json($rows::json, '{
        "side": ["smallint"],
        "first": ["date"],
        "last": ["date"],
        "start": ["bigint"],
        "end": ["bigint"],
        "cut": [["date"]]
    }') as batch
)
