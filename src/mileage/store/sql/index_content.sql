SELECT keys, body, mark FROM content WHERE number = :number
