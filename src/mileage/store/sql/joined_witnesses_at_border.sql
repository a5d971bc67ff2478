-- The joined witnesses near a border, and all that have a name on both sides of it. Names
-- of sessions are none.
select
    source, key, link, session, occurred_at, client, client_version, provider, model,
    tier, input, cache_read, cache_write, cache_write_1h, output, reasoning,
    tool_input, reported_cost, project, agent, copied, attended, identity, measure,
    account, asserted
from witness_owned
where
    own_id is not null
    and (
        utc_hour between $first_hour and $last_hour
        or own_id in (
            select own_id
            from witness_id
            where id in (
                select early.id
                from witness_id early
                semi join witness_id late on late.id = early.id and late.utc_hour >= $hour
                where early.utc_hour <= $hour
                except
                select session_number(session) from joined_witness where utc_hour <= $hour
            )
        )
    )
