"""Sessions of pi: JSON lines below ``sessions/``, one entry a line.

An assistant's entry has its usage: input without cache, output including reasoning
(recorded with 0.73.1). Of the Responses API, pi books cache writes as input; the total
is right, the classes are not, and nothing in the file tells them apart. A summary of a
long session (compaction) is a call that newer versions tell of, from published sources;
older ones do not.

Forked sessions copy entries of the session they come from. A call is known by the
provider's id of the response; where that is missing or a small number, by time, model
and counts, which no copy changes. What is older than its session is a copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources import epoch, places
from mileage.sources.jsonl import (
    NO_COUNTS,
    Classes,
    Count,
    Gathering,
    decode,
    each,
    instant,
    text,
    untimely,
)
from mileage.sources.pi_activity import PiActivity
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading

_MOST_DOLLARS = 1_000_000
_SUMMARIES = ("compaction", "branch_summary")


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    input: Count = None
    output: Count = None
    cache_read: Count = None
    cache_write: Count = None
    total_tokens: Count = None
    cost: Any = None

    @property
    def told(self) -> bool:
        """Whether any count is told, if only 0."""
        parts = (self.input, self.output, self.cache_read, self.cache_write)
        return any(count is not None for count in (*parts, self.total_tokens))

    def classes(self) -> Classes:
        """Return the disjoint counts; null is none."""
        read, write = self.cache_read or 0, self.cache_write or 0
        return self.input or 0, read, write, 0, self.output or 0, 0, 0


class _Message(msgspec.Struct, gc=False, rename="camel"):
    role: Any = None
    provider: Any = None
    model: Any = None
    usage: _Usage | None = None
    timestamp: Any = None
    response_id: Any = None


class _Entry(msgspec.Struct, gc=False):
    type: Any = None
    id: Any = None
    timestamp: Any = None
    cwd: Any = None
    message: _Message | None = None
    usage: _Usage | None = None


class _LooseMessage(msgspec.Struct, gc=False):
    role: Any = None


class _LooseEntry(msgspec.Struct, gc=False):
    type: Any = None
    message: _LooseMessage | None = None


_ENTRY = msgspec.json.Decoder(_Entry)
_LOOSE = msgspec.json.Decoder(_LooseEntry)


class PiSession:
    """Reads sessions of pi."""

    traits = SourceTraits("pi_session", "pi", 10, "link", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its sessions."""
        return places.pi_session(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One file a session, in a folder for each project."""
        return places.NAMES["pi_session"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one session; without ``activity`` only what may hold usage."""
        session = _Session(Gathering(self.traits, place), activity=activity)
        yield from each(lines, session.take, session.gathered)
        yield session.gathered.reading()


class _Session:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        self._id = ""
        self._folder = ""
        self._started = 0
        self._model = _Message()
        self._activity = PiActivity(gathered) if activity else None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, activity, neither, or unreadable."""
        if not line.strip():
            return
        entry = decode(_ENTRY, line)
        if isinstance(entry, str):
            if _should_be_usage(line):
                self.gathered.reject(number, entry)
            else:
                self.gathered.ignored += 1
            return
        told = self._activity is not None and self._activity.take(line, self._id)
        message = entry.message
        if entry.type == "session":
            self._introduce(entry)
        elif entry.type == "message" and message and message.role == "assistant":
            told = self._call(number, entry, message) or told
            self._model = message
        elif entry.type in _SUMMARIES and entry.usage is not None:
            # Made by the model of the answer before it, by all that is known.
            summary = msgspec.structs.replace(self._model, response_id=None)
            summary.usage, summary.timestamp = entry.usage, None
            told = self._call(number, entry, summary)
        self.gathered.ignored += not told

    def _introduce(self, entry: _Entry) -> None:
        self._id = text(entry.id)
        self._folder = text(entry.cwd)
        self._started = instant(entry.timestamp) or 0

    def _call(self, number: int, entry: _Entry, message: _Message) -> bool:
        """Take a call in; tell whether the line is accounted for."""
        usage = message.usage
        if usage is None:
            return False
        if not usage.told:
            self.gathered.reject(number, NO_COUNTS)
            return True
        if not (any(usage.classes()) or usage.total_tokens):
            return False
        occurred_at = epoch.of_milliseconds(message.timestamp)
        occurred_at = instant(entry.timestamp) if occurred_at is None else occurred_at
        problem = untimely(occurred_at)
        if problem or occurred_at is None:
            self.gathered.reject(number, problem)
        else:
            self.gathered.witness(self._witness(message, usage, occurred_at))
        return True

    def _witness(self, message: _Message, usage: _Usage, occurred_at: int) -> Witness:
        provider, model = text(message.provider), text(message.model)
        counts = usage.classes()
        response = unique(text(message.response_id))
        told = "/".join(map(str, counts))
        return Witness(
            "pi_session",
            response or f"{occurred_at}:{provider}:{model}:{told}",
            response,
            self._id,
            occurred_at,
            "pi",
            "",
            provider,
            model,
            "",
            *counts,
            _micro_dollars(usage.cost),
            self._folder,
            "",
            occurred_at < self._started,
            None,
            "",
            # A total without its parts belongs to no class: shown, and never added.
            "" if any(counts) else "unmeasured",
        )


def _should_be_usage(line: bytes) -> bool:
    """Tell whether a line that does not fit was meant to tell of a call."""
    loose = decode(_LOOSE, line)
    if isinstance(loose, str) or loose.type is None:
        return True
    if loose.type in _SUMMARIES:
        return True
    return loose.type == "message" and (
        loose.message is None or loose.message.role in ("assistant", None)
    )


def _micro_dollars(cost: object) -> int | None:
    total = cost.get("total") if isinstance(cost, dict) else None
    if not isinstance(total, int | float) or isinstance(total, bool):
        return None
    return round(total * 1_000_000) if 0 <= total <= _MOST_DOLLARS else None


SOURCE = PiSession()
