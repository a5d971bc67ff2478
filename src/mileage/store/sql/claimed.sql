select account, person from claimed
