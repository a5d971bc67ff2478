UPDATE file SET gone = :gone, outside = :outside WHERE number = :number
