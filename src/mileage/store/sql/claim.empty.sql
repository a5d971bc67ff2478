delete from claim
