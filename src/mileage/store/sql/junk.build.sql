-- Takes every free block of the file, and what was in it is gone.
create or replace table junk as
select gen_random_uuid() as one, gen_random_uuid() as other from range($rows)
