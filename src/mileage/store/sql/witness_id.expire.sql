-- What is told again of the border's hour, or later, comes in: where the witness went with
-- its call, what is left here tells that.
delete from witness_id
where
    utc_hour < $hour
    and own_id not in (select own_id from joined_witness where utc_hour < $hour)
