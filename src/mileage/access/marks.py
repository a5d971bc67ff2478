"""Marks in figures that people are shown of others, so that a leak tells its source.

A figure is shown with four significant digits, rounded down or up: both are correct,
neither is off by 0.1 %. Which of the two a viewer sees is a secret coin of the viewer
and of the two numbers between which the figure lies. From that follows, without any
bookkeeping:

* reloading, waiting and another page show the same, so nothing can be averaged away,
  and a figure that moves on has new marks;
* figures that are rounded between the same two numbers are rounded alike, so a larger
  one is never shown as the smaller one: the order of ranks holds in every column.

A number of a viewer's coin is ``table[first] ^ table[second]``: one table of random
bytes a viewer, two places a cell. So a page costs one hash for its viewer, and a leak
is compared with 85,000 viewers in a second (``access.tracing``).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from mileage.domain.shown import Cell

DIGITS = 4
UNMARKED_BELOW = 10**DIGITS
"""Below, four digits are all digits: there is nothing to round."""
PLACES = 2048
TABLE_BYTES = 2 * PLACES
KEY_BYTES = 32
CELLS_KEPT = 1 << 15

EVEN = 128
"""Of 256 viewers this many are shown the higher number: most for one leaker."""
FEW, MANY = 26, 230
"""What hides in parts of sums and shares: people who compare copies cannot tell which
of them is rare, and give away what few of them have."""


class Marks:
    """The secret of an organisation's marks. Thread-safe."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.cell = lru_cache(CELLS_KEPT)(self._of_figure)
        """Takes a figure and ``part``; boards ask for the same ones again and again."""

    def table(self, viewer: str) -> bytes:
        """Return a viewer's coins; the same ones as long as the key is."""
        return hashlib.shake_128(
            b"mileage viewer\0" + self._key + viewer.encode()
        ).digest(TABLE_BYTES)

    def _of_figure(self, value: int, *, part: bool = False) -> Cell | None:
        """Return between what a figure is shown; None if only as it is.

        ``part`` is for shares and parts of a sum, of which a page shows many: they
        work against people who compare copies, sums against a single one.
        """
        if value < UNMARKED_BELOW:
            return None
        unit = unit_of(value)
        low = value - value % unit
        if low == value:
            return None
        return self._cell(low, low + unit, b"part" if part else b"sum")

    def tie(self, one: str, other: str) -> Cell:
        """Return the coin that orders two rows of equal value: ``high`` swaps them."""
        return self._cell(0, 1, f"tie {len(one)} {one} {other}".encode())

    def _cell(self, low: int, high: int, kind: bytes) -> Cell:
        name = b"%b\0%d\0%d" % (kind, low, high)
        seed = hashlib.blake2b(name, key=self._key, digest_size=8).digest()
        cut = EVEN if kind != b"part" else (FEW, MANY)[seed[4] & 1]
        first = int.from_bytes(seed[:2]) % PLACES
        second = int.from_bytes(seed[2:4]) % PLACES
        return Cell(low, high, first, PLACES + second, cut)


class Marker:
    """How one viewer is shown the figures of others."""

    def __init__(self, marks: Marks, viewer: str) -> None:
        self.marks = marks
        self.viewer = viewer
        self.table = marks.table(viewer)

    def shown(self, value: int, *, part: bool = False) -> int:
        """Return what this viewer sees instead of a figure."""
        cell = self.marks.cell(value, part=part)
        return value if cell is None else cell.shown(self.table)


def unit_of(value: int) -> int:
    """Return the size of the last of four significant digits."""
    return int(10 ** max(0, len(str(value)) - DIGITS))
