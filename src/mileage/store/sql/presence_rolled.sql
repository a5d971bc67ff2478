-- Up to which append the roll-up of presence goes, and how many rows it has.
select
    (select coalesce(max(seq), 0) from presence_rolled) as seq,
    (select count(*) from presence_day) as rows
