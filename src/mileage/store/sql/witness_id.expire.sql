delete from witness_id where own_id in (select own_id from doomed_witness)
