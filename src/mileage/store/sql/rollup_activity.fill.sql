-- Adds up the facts of one day that were told once; of the day there is nothing yet.
insert into rollup_activity by name
select
    hour, any_value(day) as day, account, client, session_number(told.session) as session,
    kind, name, precedence, count(*) as facts, sum(amount)::bigint as amount
from activity told anti join told_again using (own_id)
where day = $day
group by hour, account, client, told.session, kind, name, precedence
order by hour
