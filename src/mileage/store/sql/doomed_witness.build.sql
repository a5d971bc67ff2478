-- Witnesses of calls that go; $kept and $also are those of calls near the border.
create temp table doomed_witness as
select distinct own_id
from joined_witness
where
    (occurred_at < $until and own_id not in (select unnest($kept::ubigint[])))
    or own_id in (select unnest($also::ubigint[]))
