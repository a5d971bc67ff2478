insert into deletion by name
select
    $number as number, $at as deleted_at, $kind as kind, $until as until,
    $rows as row_count, $ids as ids, $policy as policy, $before as before,
    $hash as hash
