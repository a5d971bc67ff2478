-- Calls of each source up to a quarter of an hour, their first and last, and calls later.
SELECT source,
       coalesce(sum(calls) FILTER (WHERE quarter <= :latest), 0),
       min(first) FILTER (WHERE quarter <= :latest),
       max(last) FILTER (WHERE quarter <= :latest),
       coalesce(sum(calls) FILTER (WHERE quarter > :latest), 0)
FROM usage
GROUP BY source
