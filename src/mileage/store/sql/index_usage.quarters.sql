SELECT quarter, source FROM usage WHERE number = :number
