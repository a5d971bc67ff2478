delete from past_changed
