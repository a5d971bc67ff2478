insert into presence_rolled values ($seq)
