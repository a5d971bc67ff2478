"""The quick way through a transcript, for usage alone and from any line on.

Of a streamed answer's lines nearly all just repeat the call with grown counts. What is
not as plain as that goes the ordinary way; the results are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mileage.domain.packed import FileCalls, all_hashed
from mileage.sources.claude_code_lines import (
    NO_RESPONSE,
    plain_model,
    provider_of,
    tier_named,
)
from mileage.sources.claude_code_rows import Row, classes, scanned
from mileage.sources.jsonl import EARLIEST, Gathering, larger

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.packed import Kind, Numbers
    from mileage.sources.claude_code_rows import Scanned
    from mileage.sources.jsonl import Classes

_SOURCE, _CLIENT = "claude_code_log", "claude-code"
# The columns of a row, which is a plain tuple when it was scanned in C.
_KEY: Final = 0
_AT: Final = 1
_MODEL: Final = 2
_COPIED: Final = 8
_OUTPUT: Final = 15


class Transcript(Protocol):
    """The ordinary way."""

    gathered: Gathering

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, neither, or unreadable."""
        ...


class _Call:
    """A call and what its lines said so far."""

    __slots__ = ("counts", "occurred_at", "row")

    def __init__(self, row: Row) -> None:
        self.occurred_at = row[_AT]
        self.row = row
        self.counts: Classes | None = None
        """Maxima, where no line has them all."""

    def repeated(self, row: Row) -> bool:
        """Take the counts of a later line in, if nothing else of it can matter."""
        own = self.row
        if row[_AT] <= self.occurred_at or (own[_COPIED] and not row[_COPIED]):
            return False
        if self.counts is None:
            if own[2:_OUTPUT] == row[2:_OUTPUT] and own[_OUTPUT] <= row[_OUTPUT]:
                # Nearly always nothing but the output has grown.
                self.row = row
                return True
            self.counts = classes(own)
        self.counts = larger(self.counts, classes(row))
        return True


class TranscriptTail:
    """Reads chunks of a transcript; only what lies far from plain is read twice."""

    taken_back = 0

    def __init__(
        self, transcript: Transcript, scan: Callable[[bytes], Scanned] = scanned
    ) -> None:
        self.rejected = 0
        self._ordinary = transcript
        self._scan = scan
        self._calls: dict[str, _Call] = {}

    def take(self, chunk: bytes) -> int:
        """Take whole lines in; the last one may lack its end."""
        calls, ordinary = self._calls, self._ordinary.take
        lines, found = self._scan(chunk)
        for row in found:
            if isinstance(row, bytes):
                ordinary(0, row)
                continue
            call = calls.get(row[_KEY])
            if call is not None:
                if call.repeated(row):
                    continue
            elif row[_AT] >= EARLIEST and row[_MODEL] != NO_RESPONSE:
                calls[row[_KEY]] = _Call(row)
                continue
            for line in chunk[row[-2] : row[-1]].split(b"\n"):
                ordinary(0, line)
        return lines

    def settled(self) -> FileCalls:
        """Hand over, and forget, what was found."""
        calls, self._calls = self._calls, {}
        numbers: dict[tuple[Any, ...], int] = {}
        kinds: list[Kind] = []
        rows: list[Numbers] = []
        for call in calls.values():
            alike = call.row[2:9]
            number = numbers.get(alike)
            if number is None:
                kinds.append(_kind(alike))
                number = numbers[alike] = len(kinds) - 1
            counts = call.counts or classes(call.row)
            rows.append((number, call.occurred_at, *counts))
        found = FileCalls(all_hashed(_SOURCE, list(calls)), kinds, rows)
        reading = self._ordinary.gathered.reading()
        self.rejected += len(reading.rejected)
        more = FileCalls.of(reading.witnesses.rows())
        return found.followed_by(more, at=len(rows))

    def open_calls(self) -> FileCalls:
        """Return none: no line takes an earlier one back."""
        return FileCalls.none()

    def state(self) -> dict[str, Any]:
        """Return nothing: no line depends on an earlier one."""
        return {}


def _kind(alike: tuple[Any, ...]) -> Kind:
    model, tier, speed, session, project, agent, copied = alike
    name = plain_model(model or "")
    told = (_CLIENT, provider_of(name), name, tier_named(tier, speed))
    return (*told, session or "", project or "", agent or "", "", copied)
