delete from joined_by
