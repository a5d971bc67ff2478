"""Threads of Amp: one JSON document each, ``threads/T-*.json``.

``usageLedger.events`` has one event a call with time, model, input and output; what was
read from and written to the cache stands in the ``usage`` of the message that the event
names (``toMessageId``). Newer threads have the usage of messages alone. Input excludes
both cache classes. Messages without a time of their own get that of their thread.

From published sources (other tools that read these files, and their tests); never
recorded. Not confirmed: whether forked threads carry the usage of what they copied.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources import epoch, places
from mileage.sources.documents import read_document
from mileage.sources.jsonl import (
    INCOMPLETE,
    NOT_JSON,
    Classes,
    Count,
    Gathering,
    decode,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Tokens(msgspec.Struct, gc=False, rename="camel"):
    input: Count = 0
    output: Count = 0
    total: Count = None
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _Event(msgspec.Struct, gc=False, rename="camel"):
    id: Any = None
    timestamp: Any = None
    model: Any = None
    tokens: _Tokens | None = None
    to_message_id: Any = None


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    model: Any = None
    timestamp: Any = None
    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_input_tokens: Count = 0
    cache_creation_input_tokens: Count = 0


class _Message(msgspec.Struct, gc=False, rename="camel"):
    role: Any = None
    message_id: Any = None
    usage: _Usage | None = None
    meta: Any = None
    content: Any = None


class _Ledger(msgspec.Struct, gc=False):
    events: list[_Event] | None = None


class _Thread(msgspec.Struct, gc=False):
    id: Any = None
    created: Any = None
    messages: list[_Message] | None = None
    ledger: _Ledger | None = msgspec.field(default=None, name="usageLedger")


class _Used(NamedTuple):
    """One call, before it is known who else tells of it."""

    key: str
    at: int | None
    model: str
    counts: Classes
    measure: str = ""


_THREAD = msgspec.json.Decoder(_Thread)


class AmpThread:
    """Reads threads of Amp."""

    traits = SourceTraits("amp_thread", "amp", 10, "counts", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its threads."""
        return places.amp_thread(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One document a thread."""
        return ("T-*.json",)

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one thread."""
        thread = _decoded(read_document(path))
        if isinstance(thread, str):
            yield Reading(rejected=(Rejected(self.traits.name, place, thread),))
            return
        gathered = Gathering(self.traits, place)
        name = text(thread.id) or PurePath(path).stem
        for number, used in enumerate(_calls(thread), start=1):
            _take(gathered, number, name, used)
        if activity:
            _activity(gathered, name, thread)
        yield gathered.reading()


def _decoded(data: bytes | str) -> _Thread | str:
    """Return what a document says, or the reason why that cannot be told."""
    if isinstance(data, str):
        return data
    found = decode(_THREAD, data)
    return NOT_JSON if found == INCOMPLETE else found


def _calls(thread: _Thread) -> Iterator[_Used]:
    """Yield each call once: by its event, else by its message."""
    messages = thread.messages or []
    by_id = {
        one.message_id: one.usage
        for one in messages
        if isinstance(one.message_id, int) and one.usage is not None
    }
    events = (thread.ledger and thread.ledger.events) or []
    told: set[int] = set()
    for event in events:
        beside = None
        if isinstance(event.to_message_id, int) and event.to_message_id not in told:
            told.add(event.to_message_id)
            beside = by_id.get(event.to_message_id)
        yield _of_event(event, beside, thread)
    for place, message in enumerate(messages):
        usage = message.usage
        if usage is None or message.message_id in told or message.role == "user":
            continue
        number = message.message_id if isinstance(message.message_id, int) else place
        yield _of_message(number, message, usage, thread)


def _of_event(event: _Event, beside: _Usage | None, thread: _Thread) -> _Used:
    tokens, usage = event.tokens or _Tokens(), beside or _Usage()
    read = tokens.cache_read_input_tokens or usage.cache_read_input_tokens or 0
    write = tokens.cache_creation_input_tokens or usage.cache_creation_input_tokens or 0
    counts = (tokens.input or 0, read, write, 0, tokens.output or 0, 0, 0)
    key = f"event:{text(event.id)}"
    if beside is not None or not text(event.id):
        key = f"message:{event.to_message_id}"
    at = _first(instant(event.timestamp), epoch.of_milliseconds(thread.created))
    # A total without its parts belongs to no class: shown, and never added.
    measure = "unmeasured" if tokens.total and not any(counts) else ""
    return _Used(key, at, text(event.model), counts, measure)


def _of_message(
    number: int, message: _Message, usage: _Usage, thread: _Thread
) -> _Used:
    meta = message.meta if isinstance(message.meta, dict) else {}
    times = (
        instant(usage.timestamp),
        epoch.of_milliseconds(meta.get("sentAt")),
        epoch.of_milliseconds(thread.created),
    )
    counts = (
        usage.input_tokens or 0,
        usage.cache_read_input_tokens or 0,
        usage.cache_creation_input_tokens or 0,
        0,
        usage.output_tokens or 0,
        0,
        0,
    )
    return _Used(f"message:{number}", _first(*times), text(usage.model), counts)


def _first(*times: int | None) -> int | None:
    return next((one for one in times if one is not None), None)


def _take(gathered: Gathering, number: int, thread: str, used: _Used) -> None:
    problem = untimely(used.at)
    if not any(used.counts) and not used.measure:
        gathered.ignored += 1
        return
    if problem or used.at is None:
        gathered.reject(number, problem)
        return
    gathered.witness(
        Witness(
            "amp_thread",
            f"{thread}:{used.key}",
            "",
            thread,
            used.at,
            "amp",
            "",
            "anthropic" if used.model.startswith("claude") else "",
            used.model,
            "",
            *used.counts,
            None,
            "",
            "",
            False,  # noqa: FBT003
            None,
            "",
            used.measure,
        )
    )


def _activity(gathered: Gathering, thread: str, whole: _Thread) -> None:
    """Count prompts and tool results, where a message tells its time."""
    tools: dict[str, str] = {}
    for message in whole.messages or ():
        meta = message.meta if isinstance(message.meta, dict) else {}
        at = _first(epoch.of_milliseconds(meta.get("sentAt")), _usage_time(message))
        for kind, key, name in _facts(message, tools):
            if key and at is not None and not untimely(at):
                place = ("amp_thread", f"{thread}:{key}", thread, at, "amp")
                gathered.activity(Activity(*place, kind, name, 1, None, ""))


def _usage_time(message: _Message) -> int | None:
    return instant(message.usage.timestamp) if message.usage else None


def _facts(message: _Message, tools: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, key, name)."""
    blocks = message.content if isinstance(message.content, list) else []
    results = 0
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "tool_use":
            tools[text(block.get("id"))] = text(block.get("name"))
        elif block.get("type") == "tool_result":
            results += 1
            key = text(block.get("toolUseID"))
            yield "tool_result", key, tools.get(key, "")
    if message.role == "user" and not results and isinstance(message.message_id, int):
        yield "prompt", str(message.message_id), ""


SOURCE = AmpThread()
