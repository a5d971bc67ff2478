-- But for those of deleted witnesses, which nothing else tells of.
delete from witness_id where own_id in (select own_id from joined_witness)
