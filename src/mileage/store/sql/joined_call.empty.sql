delete from joined_call
