delete from past_until
