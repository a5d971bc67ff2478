"""The quick way through a transcript, for usage alone and from any line on.

Most bytes are prompts and tool results, which their first bytes give away. Of a
streamed answer's lines nearly all just repeat the call with grown counts. Whatever is
not as plain as that goes the ordinary way; the results are the same.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mileage.domain.packed import FileCalls, hashed
from mileage.sources.claude_code_lines import (
    BY_USER,
    HEAD_BYTES,
    LINE,
    MESSAGE,
    NO_RESPONSE,
    Line,
    Usage,
    counts_of,
    plain_model,
    provider_of,
    tier_of,
)
from mileage.sources.jsonl import Gathering, instant, larger, untimely

if TYPE_CHECKING:
    from mileage.domain.packed import Kind, Numbers
    from mileage.sources.jsonl import Classes

_SOURCE, _CLIENT = "claude_code_log", "claude-code"
_decode = LINE.decode
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

    __slots__ = ("copied", "counts", "line", "model", "occurred_at", "stamp", "usage")

    def __init__(self, line: Line, usage: Usage, occurred_at: int) -> None:
        self.line = line
        self.model = line.message.model if line.message else ""
        self.usage = usage
        self.occurred_at = occurred_at
        self.stamp = line.timestamp
        self.copied = line.is_sidechain is True
        self.counts: Classes | None = None
        """Maxima, where no line has them all."""

    def repeated(self, line: Line, usage: Usage) -> bool:
        """Take the counts of a later line in, if nothing else of it can matter."""
        if not self._is_before(line.timestamp):
            return False
        if self.copied and line.is_sidechain is not True:
            return False
        if self.counts is None:
            known, output = self.usage, self.usage.output_tokens
            if (output or 0) <= (usage.output_tokens or 0):
                # Nearly always nothing but the output has grown.
                known.output_tokens = usage.output_tokens
                if known == usage:
                    return True
                known.output_tokens = output
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
            head = position + HEAD_BYTES
            at = find(MESSAGE, position, min(end, head))
            if at < 0 or not startswith(BY_USER, at + _MESSAGE_BYTES):
                sort(chunk[position:end])
            position = end
            lines += 1
        return lines

    def settled(self) -> FileCalls:
        """Hand over, and forget, what was found."""
        calls, self._calls = self._calls, {}
        numbers: dict[tuple[Any, ...], int] = {}
        kinds: list[Kind] = []
        rows: list[Numbers] = []
        for call in calls.values():
            line, usage = call.line, call.usage
            thread = (line.session_id, line.cwd, line.agent_id)
            about = (call.model, tier_of(usage), *thread, call.copied)
            number = numbers.get(about)
            if number is None:
                kinds.append(_kind(*about))
                number = numbers[about] = len(kinds) - 1
            rows.append((number, call.occurred_at, *(call.counts or counts_of(usage))))
        keys = array("Q", b"".join([hashed(_SOURCE, key) for key in calls]))
        found = FileCalls(keys, kinds, rows)
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

    def _sort(self, raw: bytes) -> None:
        try:
            line = _decode(raw)
        except _UNFIT:
            self._ordinary.take(0, raw)
            return
        message = line.message
        if message is None or (usage := message.usage) is None:
            return
        key = message.id
        if (
            key
            and line.type == "assistant"
            and usage.iterations is None
            and line.cost_usd is None
            and message.role != "user"
            and message.model != NO_RESPONSE
        ):
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
        else:
            self._calls[key] = _Call(line, usage, occurred_at)


def _kind(
    model: str | None,
    tier: str,
    session: str | None,
    project: str | None,
    agent: str | None,
    copied: bool,  # noqa: FBT001
) -> Kind:
    name = plain_model(model or "")
    told = (_CLIENT, provider_of(name), name, tier)
    return (*told, session or "", project or "", agent or "", "", copied)
