"""The quick way through a transcript, for usage alone and from any line on.

Most bytes are prompts and tool results, which their first bytes give away. Of a
streamed answer's lines nearly all just repeat the call with grown counts. Whatever is
not as plain as that goes the ordinary way; the results are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mileage.sources.claude_code_lines import (
    BY_USER,
    HEAD_BYTES,
    LINE,
    MESSAGE,
    NO_RESPONSE,
    Line,
    Usage,
    counts_of,
    witness_of,
)
from mileage.sources.jsonl import Gathering, instant, larger, untimely

if TYPE_CHECKING:
    from mileage.domain.witness import Witness
    from mileage.sources.jsonl import Classes

_MESSAGE_BYTES = len(MESSAGE)
_UNFIT = (msgspec.ValidationError, ValueError, RecursionError)
# ``2026-11-22T12:34:56.789Z``: times of this form stand in order as texts do.
_STAMP_LENGTH = 24
_MINUTE_LENGTH = 17


class Transcript(Protocol):
    """The ordinary way."""

    gathered: Gathering

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, neither, or unreadable."""
        ...


class _Call:
    """A call and what its lines said so far."""

    __slots__ = ("copied", "counts", "line", "occurred_at", "stamp", "usage")

    def __init__(self, line: Line, usage: Usage, occurred_at: int) -> None:
        self.line = line
        self.usage = usage
        self.occurred_at = occurred_at
        self.stamp = line.timestamp
        self.copied = line.is_sidechain is True
        self.counts: Classes | None = None
        """Maxima, once there is more than one usage."""

    def repeated(self, line: Line, usage: Usage) -> bool:
        """Take the counts of a later line in, if nothing else of it can matter."""
        if not self._is_before(line.timestamp):
            return False
        if self.copied and line.is_sidechain is not True:
            return False
        if usage != self.usage:
            counts = counts_of(self.usage) if self.counts is None else self.counts
            self.counts = larger(counts, counts_of(usage))
        return True

    def _is_before(self, stamp: Any) -> bool:  # noqa: ANN401
        own = self.stamp
        if (
            stamp.__class__ is str
            and len(stamp) == len(own) == _STAMP_LENGTH
            and stamp[:_MINUTE_LENGTH] == own[:_MINUTE_LENGTH]
            and stamp[-1] == own[-1] == "Z"
        ):
            return bool(stamp > own)
        later = instant(stamp)
        return later is not None and later > self.occurred_at


class TranscriptTail:
    """Reads chunks of a transcript; only what lies far from plain is read twice."""

    taken_back = 0

    def __init__(self, transcript: Transcript) -> None:
        self.rejected = 0
        self._ordinary = transcript
        self._calls: dict[str, _Call] = {}

    def take(self, chunk: bytes) -> int:
        """Take whole lines in; the last one may lack its end."""
        find, startswith, sort = chunk.find, chunk.startswith, self._sort
        size, position, lines = len(chunk), 0, 0
        while position < size:
            end = find(b"\n", position) + 1 or size
            head = min(position + HEAD_BYTES, end)
            at = find(MESSAGE, position, head)
            if at < 0 or not startswith(BY_USER, at + _MESSAGE_BYTES):
                sort(chunk[position:end])
            position = end
            lines += 1
        return lines

    def settled(self) -> list[Witness]:
        """Hand over, and forget, what was found."""
        rows = [
            witness_of(
                call.line,
                call.line.message,
                call.usage,
                (key, call.occurred_at, call.counts or counts_of(call.usage)),
            )
            for key, call in self._calls.items()
            if call.line.message is not None
        ]
        self._calls = {}
        reading = self._ordinary.gathered.reading()
        self.rejected += len(reading.rejected)
        if len(reading.witnesses):
            for row in rows:
                self._ordinary.gathered.witness(row)
            for row in reading.witnesses.rows():
                self._ordinary.gathered.witness(row)
            rows = list(self._ordinary.gathered.reading().witnesses.rows())
        return rows

    def open_rows(self) -> list[Witness]:
        """Return none: no line takes an earlier one back."""
        return []

    def state(self) -> dict[str, Any]:
        """Return nothing: no line depends on an earlier one."""
        return {}

    def _sort(self, raw: bytes) -> None:
        try:
            line = LINE.decode(raw)
        except _UNFIT:
            self._ordinary.take(0, raw)
            return
        message = line.message
        if message is None:
            return
        usage, key = message.usage, message.id
        if usage is None:
            return
        if key and _is_plain(line, usage):
            call = self._calls.get(key)
            if call is None:
                self._begin(key, line, usage)
                return
            if call.repeated(line, usage):
                return
        self._ordinary.take(0, raw)

    def _begin(self, key: str, line: Line, usage: Usage) -> None:
        occurred_at = instant(line.timestamp)
        if occurred_at is None or untimely(occurred_at):
            self.rejected += 1
            return
        self._calls[key] = _Call(line, usage, occurred_at)


def _is_plain(line: Line, usage: Usage) -> bool:
    message = line.message
    return (
        line.type == "assistant"
        and message is not None
        and message.role != "user"
        and message.model != NO_RESPONSE
        and usage.iterations is None
        and line.cost_usd is None
    )
