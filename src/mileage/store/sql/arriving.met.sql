-- The numbers of names that arrived more than once, or are stored within reach.
create or replace temp table met as
with coming as (
    select key_number as number from arriving
    union all
    select key_elsewhere from arriving where key_elsewhere is not null
    union all
    select link_number from arriving where link_number is not null
    union all
    select link_as_key from arriving where link_as_key <> link_number
    union all
    select unnest(list_distinct([number(name), key_number(name)]))
    from (
        select unnest(string_split(link, ' ')) as name from arriving
        where contains(link, ' ')
    )
)
select number from coming group by number having count(*) > 1
union all
select id from witness_id
where
    id in (select number from coming)
    and (replayable or utc_hour between $first_hour and $last_hour)
union all
select key_number from plain_call
where
    key_number in (select number from coming)
    and (replayable or utc_hour between $first_hour and $last_hour)
union all
select link_number from plain_call
where
    link_number in (select number from coming)
    and (replayable or utc_hour between $first_hour and $last_hour)
