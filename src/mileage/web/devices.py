"""What a list of sessions calls a browser: a word for it and one for its system.

The header itself is never kept: it tells more about a machine than its owner needs to
recognise it.
"""

from __future__ import annotations

LONGEST = 512
"""Characters of the header that are looked at."""

# In this order: most browsers also claim to be those that come later.
PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Return such as ``Firefox on Linux``; '' for what nobody would recognise."""
    looked_at = user_agent[:LONGEST]
    words = [_first(looked_at, PROGRAMS), _first(looked_at, SYSTEMS)]
    return " on ".join(word for word in words if word)


def _first(text: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in names if mark in text), "")
