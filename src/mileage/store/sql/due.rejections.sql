select coalesce(sum(records), 0)::bigint from rejection where day < $day
