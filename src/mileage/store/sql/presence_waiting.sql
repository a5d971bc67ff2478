-- Appends of presence that the roll-up does not have: the last, and their rows.
select coalesce(max(seq), $after), count(*) from presence where seq > $after
