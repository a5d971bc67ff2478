-- Who has another tier than before, and by what value.
select account, value, level from standing_tier where level <> had order by account
