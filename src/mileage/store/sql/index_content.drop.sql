DELETE FROM content WHERE number = :number
