delete from joined_witness
