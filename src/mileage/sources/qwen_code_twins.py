"""Pairs the two lines in which Qwen Code tells of one response.

One to one: same counts, close in time, in whichever order they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mileage.domain.tokens import Tokens
    from mileage.domain.witness import Witness

# Twins were recorded within 30 milliseconds; a slow disk may take longer.
SAME_RESPONSE_MICROSECONDS = 120 * 1_000_000
# Twins stand next to each other; what never met its twin must not pile up.
REMEMBERED = 500


class Twins:
    """What one file has told of so far, and not yet told twice."""

    def __init__(self) -> None:
        self._told = _Waiting()
        self._answered = _Waiting()
        self._met: dict[str, None] = {}

    def told(self, row: Witness) -> None:
        """Note a telemetry line; an answer that waited for it is no call any more."""
        if not self._known(row, self._told) and not self._pair(row, self._answered):
            self._told.add(row)

    def answered(self, row: Witness) -> list[Witness]:
        """Note an assistant's line; return those that have waited for too long."""
        if self._known(row, self._answered) or self._pair(row, self._told):
            return []
        return self._answered.add(row)

    def rest(self) -> Iterator[Witness]:
        """Yield the answers that nothing else told of; they are calls."""
        yield from self._answered.rows.values()

    def _known(self, row: Witness, waiting: _Waiting) -> bool:
        return row.key in self._met or row.key in waiting.rows

    def _pair(self, row: Witness, others: _Waiting) -> bool:
        """Take out the nearest twin of a line, if there is one."""
        twin = others.nearest(row)
        if twin is None:
            return False
        others.remove(twin)
        self._met.update({row.key: None, twin.key: None})
        while len(self._met) > 2 * REMEMBERED:
            del self._met[next(iter(self._met))]
        return True


class _Waiting:
    """Rows in the order of the file, to be found by their counts."""

    def __init__(self) -> None:
        self.rows: dict[str, Witness] = {}
        self._alike: dict[Tokens, dict[str, Witness]] = {}

    def add(self, row: Witness) -> list[Witness]:
        """Take a row in; return the oldest ones if there are too many now."""
        self.rows[row.key] = row
        self._alike.setdefault(row.tokens, {})[row.key] = row
        forgotten = []
        while len(self.rows) > REMEMBERED:
            forgotten.append(next(iter(self.rows.values())))
            self.remove(forgotten[-1])
        return forgotten

    def remove(self, row: Witness) -> None:
        del self.rows[row.key]
        alike = self._alike[row.tokens]
        del alike[row.key]
        if not alike:
            del self._alike[row.tokens]

    def nearest(self, row: Witness) -> Witness | None:
        """Return the row with the same counts that is closest in time."""
        alike = self._alike.get(row.tokens, {}).values()
        gaps = [(abs(one.occurred_at - row.occurred_at), one.key) for one in alike]
        gap, key = min(gaps, default=(SAME_RESPONSE_MICROSECONDS + 1, ""))
        return self.rows[key] if gap <= SAME_RESPONSE_MICROSECONDS else None
