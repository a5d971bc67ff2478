"""Names that others chose, as a terminal and a picture can show them."""

from __future__ import annotations


def printable(name: str) -> str:
    """Put a sign for whatever is no letter to be seen: it could steer a terminal."""
    return "".join(one if one.isprintable() else "\ufffd" for one in name)
