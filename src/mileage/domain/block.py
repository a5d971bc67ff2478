"""Blocks of five hours, by which providers of subscriptions count their limits.

A block begins with its first call, floored to the full UTC hour, and ends five hours
later; the next call begins the next one. So none begins or ends inside a quarter.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.days import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.quarter import QuarterRow

_HOUR = 3_600 * SECOND
BLOCK = 5 * _HOUR


class Block(NamedTuple):
    """One block; all instants are UTC microseconds."""

    start: int
    end: int
    """``start`` plus five hours, also when the last call came long before."""
    rows: tuple[QuarterRow, ...]

    @property
    def first(self) -> int:
        """Return when its first call happened."""
        return min(row.first for row in self.rows)

    @property
    def last(self) -> int:
        """Return when its last call happened."""
        return max(row.last for row in self.rows)


def blocks(rows: Iterable[QuarterRow]) -> list[Block]:
    """Put rows into blocks, oldest first.

    Give all rows that there are: what came before decides where a block begins.
    """
    found: list[tuple[int, list[QuarterRow]]] = []
    for row in sorted(rows, key=attrgetter("first")):
        if not found or row.first >= found[-1][0] + BLOCK:
            found.append((row.first - row.first % _HOUR, []))
        found[-1][1].append(row)
    return [Block(start, start + BLOCK, tuple(inside)) for start, inside in found]
