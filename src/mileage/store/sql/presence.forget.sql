-- What the roll-up has: an append of every second would stay a row an account for ever.
delete from presence where seq <= $seq
