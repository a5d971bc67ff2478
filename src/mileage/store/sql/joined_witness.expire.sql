delete from joined_witness where own_id in (select own_id from doomed_witness)
