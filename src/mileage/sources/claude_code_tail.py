"""The quick way through a transcript, for usage alone and from any line on.

Of a streamed answer's lines nearly all just repeat the call with grown counts. What is
not as plain as that goes the ordinary way; the results are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mileage.domain.packed import FileCalls, all_hashed
from mileage.domain.service import served
from mileage.sources.claude_code_lines import (
    CLOUD_IDS,
    NO_RESPONSE,
    cloud_of,
    is_other,
    plain_model,
    provider_of,
)
from mileage.sources.claude_code_rows import classes, packed, scanned
from mileage.sources.jsonl import EARLIEST, Gathering, larger

if TYPE_CHECKING:
    from collections.abc import Callable

    from mileage.domain.packed import Kind, Numbers
    from mileage.sources.claude_code_rows import Row, Scanned
    from mileage.sources.jsonl import Classes

_SOURCE, _CLIENT = "claude_code_log", "claude-code"
# The columns of a row, which is a plain tuple when it was scanned in C.
_KEY: Final = 0
_AT: Final = 1
_MODEL: Final = 2
_COPIED: Final = 9
_INPUT: Final = 10
_OUTPUT: Final = 16


class Transcript(Protocol):
    """The ordinary way."""

    gathered: Gathering

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, neither, or unreadable."""
        ...


class TranscriptTail:
    """Reads chunks of a transcript; only what lies far from plain is read twice."""

    taken_back = 0

    def __init__(
        self, transcript: Transcript, scan: Callable[[bytes], Scanned] = scanned
    ) -> None:
        self.rejected = 0
        self._ordinary = transcript
        self._scan = scan
        self._calls: dict[str, tuple[Any, ...]] = {}
        """As ``Row`` has them."""
        self._maxima: dict[str, Classes] = {}
        """Of calls of which no line has them all."""

    def take(self, chunk: bytes) -> int:
        """Take whole lines in; the last one may lack its end."""
        calls, ordinary = self._calls, self._ordinary.take
        lines, found = self._scan(chunk)
        for row in found:
            if isinstance(row, bytes):
                ordinary(0, row)
                continue
            own = calls.get(row[_KEY])
            # Nothing but 0 may be no count at all: only its lines tell.
            told = row[_OUTPUT] or any(row[_INPUT:_OUTPUT])
            if own is not None:
                if told and self._repeats(own, row):
                    continue
            elif told and row[_AT] >= EARLIEST and row[_MODEL] != NO_RESPONSE:
                calls[row[_KEY]] = row
                continue
            self._one_by_one(chunk[row[-2] : row[-1]])
        return lines

    def _one_by_one(self, lines: bytes) -> None:
        """Read the lines of a row; between them may stand some of another kind."""
        for line in lines.split(b"\n"):
            if not is_other(line, 0, len(line)):
                self._ordinary.take(0, line)

    def _repeats(self, own: tuple[Any, ...], row: Row) -> bool:
        """Take the counts of a later line in, if nothing else of it can matter."""
        if row[_AT] <= own[_AT] or (own[_COPIED] and not row[_COPIED]):
            return False
        key = row[_KEY]
        known = self._maxima.get(key)
        if known is None:
            if own[2:_OUTPUT] == row[2:_OUTPUT] and own[_OUTPUT] <= row[_OUTPUT]:
                # Nearly always nothing but the output has grown.
                self._calls[key] = (key, own[_AT], *row[2:])
                return True
            known = classes(own)
        if row[_MODEL] == NO_RESPONSE:
            return False
        self._maxima[key] = larger(known, classes(row))
        return True

    def settled(self) -> FileCalls:
        """Hand over, and forget, what was found."""
        calls, self._calls = self._calls, {}
        kinds, rows = _packed(calls)
        if self._maxima:
            places = {key: at for at, key in enumerate(calls)}
            for key, counts in self._maxima.items():
                rows[places[key]] = (*rows[places[key]][:2], *counts)
            self._maxima = {}
        found = FileCalls(all_hashed(_SOURCE, list(calls)), kinds, rows)
        gathered = self._ordinary.gathered
        if gathered.is_empty:
            return found
        reading = gathered.reading()
        self.rejected += len(reading.rejected)
        more = FileCalls.of(reading.witnesses.rows())
        return found.followed_by(more, at=len(rows))

    def open_calls(self) -> FileCalls:
        """Return none: no line takes an earlier one back."""
        return FileCalls.none()

    def state(self) -> dict[str, Any]:
        """Return nothing: no line depends on an earlier one."""
        return {}


def _packed(calls: dict[str, tuple[Any, ...]]) -> tuple[list[Kind], list[Numbers]]:
    """Return the kinds of calls, and their numbers; of clouds their keys tell."""
    alike, rows = packed(list(calls.values()))
    if CLOUD_IDS.search("\n".join(calls)) is None:
        return [_kind("", one) for one in alike], rows
    # One look for all is far quicker than one at each key, and most files have none.
    places: dict[tuple[str, int], int] = {}
    named = [
        (places.setdefault((cloud_of(key), row[0]), len(places)), *row[1:])
        for key, row in zip(calls, rows, strict=True)
    ]
    return [_kind(cloud, alike[number]) for cloud, number in places], named


def _kind(cloud: str, alike: tuple[Any, ...]) -> Kind:
    model, tier, speed, geography, session, project, agent, copied = alike
    name = plain_model(model or "")
    told = (_CLIENT, provider_of(cloud, name), name, served(tier, speed, geography))
    return (*told, session or "", project or "", agent or "", "", copied)
