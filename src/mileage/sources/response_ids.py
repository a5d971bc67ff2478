"""Which ids of answers can be no other answer's.

Providers' ids are random and long. Small local servers number their answers (Ollama:
``chatcmpl-0`` to ``chatcmpl-998``), each its own and again and again: such a number is
the name of no call, neither inside of one source nor between two.
"""

from __future__ import annotations

_SHORTEST = 20


def unique(identity: str) -> str:
    """Return an id if it can be no other's, else ''."""
    return identity if len(identity) >= _SHORTEST else ""
