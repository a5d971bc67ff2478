-- The witnesses of these accounts that report these totals in these hours.
select distinct w.own_id, w.utc_hour
from joined_witness w left join claimed c on c.account = w.account
where
    w.utc_hour in (select unnest($hours::integer[]))
    and (
        coalesce(c.person, w.account),
        w.input + w.cache_read + w.cache_write + w.cache_write_1h + w.tool_input,
        w.output + w.reasoning
    ) in (
        select (a, p, o) from (
            select
                unnest($accounts::varchar[]) as a,
                unnest($prompts::bigint[]) as p,
                unnest($outputs::bigint[]) as o
        )
    )
