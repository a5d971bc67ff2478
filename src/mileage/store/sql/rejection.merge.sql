-- Add the rejections of one append to those of its day.
merge into rejection as held
using (
    select
        make_timestamp($recorded_at)::date as day,
        unnest(batch.source) as source,
        unnest(batch.reason) as reason,
        unnest(batch.client_version) as client_version,
        unnest(batch.account) as account,
        unnest(batch.records) as records,
        unnest(batch.place) as place,
        unnest(batch.sample) as sample
    from (
        select from_json($rows::json, '{
            "source": ["varchar"],
            "reason": ["varchar"],
            "client_version": ["varchar"],
            "account": ["varchar"],
            "records": ["bigint"],
            "place": ["varchar"],
            "sample": ["varchar"]
        }') as batch
    )
) as new
on
    held.day = new.day
    and held.source = new.source
    and held.reason = new.reason
    and held.client_version = new.client_version
    and held.account = new.account
when matched then update set
    records = held.records + new.records,
    last = $recorded_at,
    place = new.place,
    sample = case when new.sample <> '' then new.sample else held.sample end
when not matched then insert values (
    new.day, new.source, new.reason, new.client_version, new.account, new.records,
    $recorded_at, $recorded_at, new.place, new.sample
)
