-- Tokens of everybody by day, of as much of a day as lies in a window.
select d.side, s.day, sum(s.tokens)::bigint
from standing_signing s join standing_day d on
    d.day = s.day
    and (not d.cut or d.since is null or s.hour >= d.since)
    and (not d.cut or d.until is null or s.hour < d.until)
semi join standing_window using (side)
where d.side % 2 = 0
group by d.side, s.day
