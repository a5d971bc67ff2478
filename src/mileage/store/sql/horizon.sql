select coalesce(max(until), 0) from deletion where kind = 'calls'
