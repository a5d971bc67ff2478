-- Who the accounts are; ``titles`` is the number of a list of ``standing_titles``.
create or replace temp table standing_chart as from charted
