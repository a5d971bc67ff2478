"""From Codex's running totals back to single responses.

``token_count`` events carry the total of the thread so far. The same total is often
written again, sometimes an older one late, and after a compaction or a fork it may
start anew; what a response used is the growth between two good totals.
"""

from __future__ import annotations

from operator import sub
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mileage.sources.jsonl import Classes

# A total this close below the one before it (98 %) is an older event that came late;
# a larger fall is a new start.
_LATE_PERCENT = 98


class CodexUsage(NamedTuple):
    """Counts as Codex writes them; cached and written lie inside ``input``."""

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0
    """Part of ``output``."""

    @property
    def size(self) -> int:
        """What totals are compared by."""
        return self.input + self.output

    def minus(self, earlier: CodexUsage) -> CodexUsage:
        """Return the growth since, never negative."""
        growth = CodexUsage(*map(sub, self, earlier))
        return growth if min(growth) >= 0 else CodexUsage(*(max(0, n) for n in growth))

    def classes(self) -> Classes:
        """Return the seven disjoint classes, in the order of a witness."""
        cached = min(self.cached, self.input)
        written = min(self.written, self.input - cached)
        reasoning = min(self.reasoning, self.output)
        fresh = self.input - cached - written
        return fresh, cached, written, 0, self.output - reasoning, reasoning, 0


class Told(NamedTuple):
    """What a ``token_count`` event says."""

    occurred_at: int | None
    ordinal: Any
    has_info: bool
    """False where only limits changed."""
    total: CodexUsage | None
    last: CodexUsage | None
    model: str


class RunningTotals:
    """Follows the totals of one thread through one file."""

    def __init__(self) -> None:
        self.epoch = 0
        """How often the totals have started anew."""
        self._total: CodexUsage | None = None
        self._only_last: CodexUsage | None = None

    def state(self) -> tuple[int, list[int] | None, list[int] | None]:
        """Return what ``go_on`` needs, in plain values."""
        total, last = self._total, self._only_last
        return (
            self.epoch,
            None if total is None else list(total),
            None if last is None else list(last),
        )

    def go_on(self, state: tuple[int, list[int] | None, list[int] | None]) -> None:
        """Follow on from where another stood."""
        self.epoch, total, last = state
        self._total = None if total is None else CodexUsage(*total)
        self._only_last = None if last is None else CodexUsage(*last)

    @property
    def total(self) -> CodexUsage | None:
        """Return the last total."""
        return self._total

    def baseline(self, total: CodexUsage | None) -> None:
        """Take over a total that somebody else's responses made up."""
        if total is not None:
            self._total = total

    def take(
        self, total: CodexUsage | None, last: CodexUsage | None
    ) -> CodexUsage | None:
        """Return what one more response used, or None if it is none."""
        if total is None:
            return self._without_total(last)
        before = self._total
        if before is None:
            # A thread that goes on in a new file starts with a large total.
            used = total if last is None else last
        elif total.size < before.size:
            if total.size * 100 >= before.size * _LATE_PERCENT:
                return None
            self.epoch += 1
            used = total if last is None else last
        else:
            used = total.minus(before)
        self._total = total
        return used if any(used) else None

    def _without_total(self, last: CodexUsage | None) -> CodexUsage | None:
        """Count a response whose event has no total: equal neighbours are one."""
        if last is None or last == self._only_last or not any(last):
            return None
        self._only_last = last
        return last
