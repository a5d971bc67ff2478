-- Calls that no version of which is of a day that stays.
create temp table doomed_call as
select call_id from joined_call group by call_id having max(day) < $day
