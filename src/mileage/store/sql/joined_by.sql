select rules from joined_by order by seq desc limit 1
