select hour from past_until
