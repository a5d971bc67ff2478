"""Honours: what boards rank by. Pure: rules are data, figures go in."""
