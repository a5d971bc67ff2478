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
from mileage.domain.errors import Invalid, TooLarge
from mileage.domain.witness import Activity, Reading, Rejected, Witness
from mileage.sources import epoch, places
from mileage.sources.documents import decoded_document
from mileage.sources.json_records import elements
from mileage.sources.jsonl import (
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


# Usage of a thread; real ones have thousands of messages at most.
_MOST_CALLS = 20_000
TOO_MANY = "more calls than the limit; the rest is left out"
_REMEMBERED_TOOLS = 5_000
NO_LIST = "no list of objects where one belongs"
TOO_NESTED = "nested too deeply, or has too many parts"
_NONE = msgspec.Raw(b"")


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


class _Content(msgspec.Struct, gc=False):
    content: Any = None


class _Ledger(msgspec.Struct, gc=False):
    events: msgspec.Raw = _NONE


class _Thread(msgspec.Struct, gc=False):
    """The lists are read item by item: a thread can be large."""

    id: Any = None
    created: Any = None
    messages: msgspec.Raw = _NONE
    ledger: _Ledger | None = msgspec.field(default=None, name="usageLedger")


class _Used(NamedTuple):
    """One call, before it is known who else tells of it."""

    key: str
    at: int | None
    model: str
    counts: Classes
    measure: str = ""


_THREAD = msgspec.json.Decoder(_Thread)
_MESSAGE = msgspec.json.Decoder(_Message)
_CONTENT = msgspec.json.Decoder(_Content)
_EVENT = msgspec.json.Decoder(_Event)


class AmpThread:
    """Reads threads of Amp."""

    traits = SourceTraits("amp_thread", "amp", 10, "counts", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its threads."""
        return places.amp_thread(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One document a thread."""
        return places.NAMES["amp_thread"]

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one thread."""
        thread = decoded_document(_THREAD, path)
        if isinstance(thread, str):
            yield Reading(rejected=(Rejected(self.traits.name, place, thread),))
            return
        name = text(thread.id) or PurePath(path).stem
        reader = _Reader(Gathering(self.traits, place), name, thread)
        for problem in (
            reader.messages(activity=activity),
            reader.events(),
        ):
            if problem:
                refused = Rejected(self.traits.name, place, problem)
                yield Reading(rejected=(refused,))
        yield reader.reading()


class _Reader:
    """One thread: its messages first, then the events that name them."""

    def __init__(self, gathered: Gathering, name: str, thread: _Thread) -> None:
        self._gathered = gathered
        self._name = name
        self._thread = thread
        self._told: dict[int, _Message] = {}
        """By number, else by place, which is below zero."""
        self._tools: dict[str, str] = {}
        self._events: set[int] = set()
        """Messages that an event has named."""

    def messages(self, *, activity: bool) -> str:
        """Gather usage and activity of messages; return what ended that, or ''."""
        try:
            for place, item in enumerate(_items(self._thread.messages), start=1):
                message = decode(_MESSAGE, item)
                if isinstance(message, str):
                    self._gathered.reject(place, message)
                    continue
                if message.usage is not None and message.role != "user":
                    number = message.message_id
                    named = number if isinstance(number, int) else -place
                    self._told.setdefault(named, message)
                if len(self._told) > _MOST_CALLS:
                    return TOO_MANY
                if activity:
                    self._activity(message, item)
        except Invalid:
            return NO_LIST
        except TooLarge:
            return TOO_NESTED
        return ""

    def events(self) -> str:
        """Take the calls of the ledger in; return what ended that, or ''."""
        raw = self._thread.ledger.events if self._thread.ledger else _NONE
        try:
            for place, item in enumerate(_items(raw), start=1):
                event = decode(_EVENT, item)
                if place > _MOST_CALLS:
                    return TOO_MANY
                if isinstance(event, str):
                    self._gathered.reject(place, event)
                    continue
                usage, key = self._named(event, place)
                used = _of_event(event, key, usage, self._thread)
                _take(self._gathered, place, self._name, used)
        except Invalid:
            return NO_LIST
        except TooLarge:
            return TOO_NESTED
        return ""

    def _named(self, event: _Event, place: int) -> tuple[_Usage | None, str]:
        """Return what the message that an event names says of it, and its call's key.

        That is the message's own, whether or not its usage is there: it may come later.
        """
        number = event.to_message_id
        if isinstance(number, int) and number not in self._events:
            self._events.add(number)
            beside = self._told.pop(number, None)
            return beside.usage if beside else None, f"message:{number}"
        return None, f"event:{text(event.id) or place}"

    def reading(self) -> Reading:
        """Add the calls that no event told, and hand all on."""
        for number, message in self._told.items():
            if message.usage is not None:
                used = _of_message(number, message, message.usage, self._thread)
                _take(self._gathered, abs(number), self._name, used)
        return self._gathered.reading()

    def _activity(self, message: _Message, item: bytes) -> None:
        """Count prompts and tool results, where a message tells its time."""
        found = decode(_CONTENT, item)
        content = None if isinstance(found, str) else found.content
        blocks = content if isinstance(content, list) else []
        meta = message.meta if isinstance(message.meta, dict) else {}
        at = _first(epoch.of_milliseconds(meta.get("sentAt")), _usage_time(message))
        for kind, key, name in _facts(message, blocks, self._tools):
            if key and at is not None and not untimely(at):
                place = ("amp_thread", f"{self._name}:{key}", self._name, at, "amp")
                self._gathered.activity(Activity(*place, kind, name, 1, None, ""))


def _items(raw: msgspec.Raw) -> Iterator[bytes]:
    """Yield the objects of a list; raises Invalid if it is none."""
    content = bytes(raw)
    if content in (b"", b"null", b"[]"):
        return
    if not content.startswith(b"["):
        raise Invalid(NO_LIST)
    yield from elements(content)


def _of_event(event: _Event, key: str, beside: _Usage | None, thread: _Thread) -> _Used:
    tokens, usage = event.tokens or _Tokens(), beside or _Usage()
    read = tokens.cache_read_input_tokens or usage.cache_read_input_tokens or 0
    write = tokens.cache_creation_input_tokens or usage.cache_creation_input_tokens or 0
    counts = (tokens.input or 0, read, write, 0, tokens.output or 0, 0, 0)
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


def _usage_time(message: _Message) -> int | None:
    return instant(message.usage.timestamp) if message.usage else None


def _facts(
    message: _Message, blocks: list[Any], tools: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, key, name)."""
    results = 0
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "tool_use":
            tools[text(block.get("id"))] = text(block.get("name"))
            while len(tools) > _REMEMBERED_TOOLS:
                del tools[next(iter(tools))]
        elif block.get("type") == "tool_result":
            results += 1
            key = text(block.get("toolUseID"))
            yield "tool_result", key, tools.get(key, "")
    if message.role == "user" and not results and isinstance(message.message_id, int):
        yield "prompt", str(message.message_id), ""


SOURCE = AmpThread()
