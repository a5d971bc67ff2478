-- Calls that are in force on a day that goes, or ended there, with all of their versions.
create temp table doomed_call as
select call_id
from joined_call c
left join (
    select call_id, max(seq) as ended from superseded group by call_id
) s using (call_id)
group by call_id
having coalesce(max(day) filter (s.ended is null or c.seq >= s.ended), max(day)) < $day
