delete from tally
