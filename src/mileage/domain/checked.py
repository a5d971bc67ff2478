"""What a check has looked at, and what it found."""

from __future__ import annotations

from typing import NamedTuple


class Checked(NamedTuple):
    """The outcome of one part of ``mileage verify``."""

    part: str
    looked_at: int
    """Records, files or rows."""
    problems: tuple[str, ...] = ()
    """A sentence for each contradiction; empty when all is well."""
    notes: tuple[str, ...] = ()
    """What is worth knowing and contradicts nothing."""
