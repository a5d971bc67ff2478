delete from scrubbed
