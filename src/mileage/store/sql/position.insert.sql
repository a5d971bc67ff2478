insert into position (seq, segment, record) values ($seq, $segment, $record)
