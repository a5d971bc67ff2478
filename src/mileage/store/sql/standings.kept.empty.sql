-- What was measured when a window was written last, of windows that honours and totals
-- are made of.
create temp table if not exists standing_kept as
select *, []::bigint[] as "values" from standing_found limit 0
