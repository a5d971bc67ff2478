-- Room for what was told of some accounts, seen from this connection alone.
create or replace temp table heard_of as select * from heard_since($after) limit 0
