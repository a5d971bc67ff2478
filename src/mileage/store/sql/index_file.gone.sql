UPDATE file SET gone = 1 WHERE number = :number
