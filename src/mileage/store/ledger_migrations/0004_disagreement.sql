-- What the witnesses of a call disagree about, and calls of which no source reports
-- any usage. Calls written before were measured, and nobody looked for inflated copies.

drop view current_call;

alter table call add column measure varchar default '';   -- '' or 'unmeasured'
alter table call add column inflated varchar default '';  -- source:factor, by spaces
alter table call add column own_ids varchar default '';
-- Hashes of (source, key) of the witnesses, in the order of ``sources``, by spaces;
-- only where they disagree.

create view current_call as
select c.* from call c
where not exists (
    select 1 from superseded s where s.call_id = c.call_id and s.seq > c.seq
);

alter table rollup_hour add column unmeasured_calls bigint default 0;
