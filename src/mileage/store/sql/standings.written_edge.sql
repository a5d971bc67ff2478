insert into standing_written_edge by name from standing_edge_mark
