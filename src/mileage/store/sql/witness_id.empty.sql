delete from witness_id
