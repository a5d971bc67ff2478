create or replace temp table standing_tier (
    number integer, account varchar, had integer, value bigint, level integer, tier varchar
)
