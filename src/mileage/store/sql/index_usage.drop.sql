DELETE FROM usage WHERE number = :number
