SELECT quarter FROM usage WHERE number = :number
