-- Who stands behind an account that nobody was known to own. Append-only: of one account
-- the row of the last append counts, and a person of '' ends what was said before.
-- Witnesses keep the account that they were booked to; who is asked of them is told by
-- the views below.
create table claim (
    seq bigint not null,
    recorded_at bigint not null,
    account varchar not null,
    person varchar not null
);

create view claimed as
select account, arg_max(person, seq) as person
from claim
group by account
having arg_max(person, seq) <> '';

create view witness_owned as
select w.* replace (coalesce(c.person, w.account) as account)
from witness w left join claimed c on c.account = w.account;

create view activity_owned as
select a.* replace (coalesce(c.person, a.account) as account)
from activity a left join claimed c on c.account = a.account;

create view presence_owned as
select p.* replace (coalesce(c.person, p.account) as account)
from presence p left join claimed c on c.account = p.account;

create view rejection_owned as
select r.* replace (coalesce(c.person, r.account) as account)
from rejection r left join claimed c on c.account = r.account;
