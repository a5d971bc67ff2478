-- Of how many accounts each window is looked at again.
select side, count(*) from standing_stale group by side
