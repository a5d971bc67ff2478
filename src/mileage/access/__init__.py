"""Who may see what. Pure: a table and a function over it."""
