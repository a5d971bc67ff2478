create or replace temp view standing_tool_edge as
select d.side, c.number, c.client, c.model, c.tokens, c.gain, c.paid, c.cost
from standing_cut_tool c join standing_edge_day d using (piece)
