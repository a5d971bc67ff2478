"""Numbers of things in sentences."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Write how many there are: 1 call, 2,000 calls, 2 people."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
