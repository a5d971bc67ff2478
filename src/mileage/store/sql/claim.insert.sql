insert into claim values ($seq, $recorded_at, $account, $person)
