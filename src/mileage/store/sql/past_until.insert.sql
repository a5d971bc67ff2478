insert into past_until values ($hour)
