select segment, record from position order by seq desc, record desc limit 1
