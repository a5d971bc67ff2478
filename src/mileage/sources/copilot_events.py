"""Events of GitHub Copilot's command line: ``session-state/<id>/events.jsonl``.

Newer versions write one ``session.usage_record`` a response, exact, with the provider's
ids of response and request (recorded with 1.0.102). Older ones tell tokens only when
they end, in ``session.shutdown``, as a sum for each model that grows over resumed runs:
what it has grown by is one call a model, at the time of that run's end, and fills a gap
only (``copilot_shutdowns``). In a session that a newer version went on with, the sum
before the first record counts beside the records. A session of an older version that
crashed has none. Input includes both cache classes, output includes reasoning.
"""

from __future__ import annotations

from operator import sub
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources import places
from mileage.sources.copilot_activity import CopilotActivity
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
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mileage.domain.witness import Reading

# What another source may tell by response is a source of its own.
_SUMS = "copilot_shutdowns"
_RECORD = "session.usage_record"
_SHUTDOWN = "session.shutdown"
_STARTS = ("session.start", "session.resume")
_USAGE_TYPES = (_RECORD, _SHUTDOWN)
_AGENTS = 5_000
_UNNAMED = "other"

_Counts = tuple[int, ...]
"""Input, output, cache reads, cache writes, reasoning: they overlap."""


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    model: Any = None
    input_tokens: Count = None
    output_tokens: Count = None
    cache_read_tokens: Count = None
    cache_write_tokens: Count = None
    reasoning_tokens: Count = None
    model_provider: Any = None
    api_call_id: Any = None
    provider_call_id: Any = None
    accounting: Any = None

    @property
    def told(self) -> bool:
        """Whether any count is told, if only 0."""
        prompt = (self.input_tokens, self.cache_read_tokens, self.cache_write_tokens)
        counts = (*prompt, self.output_tokens, self.reasoning_tokens)
        return any(count is not None for count in counts)

    @property
    def counts(self) -> _Counts:
        """The counts as they are told; null is none."""
        return (
            self.input_tokens or 0,
            self.output_tokens or 0,
            self.cache_read_tokens or 0,
            self.cache_write_tokens or 0,
            self.reasoning_tokens or 0,
        )


class _OfModel(msgspec.Struct, gc=False):
    usage: _Usage | None = None


class _Data(msgspec.Struct, gc=False, rename="camel"):
    usage: _Usage | None = None
    model_metrics: dict[str, _OfModel] | None = None


class _Event(msgspec.Struct, gc=False):
    type: Any = None
    id: Any = None
    timestamp: Any = None
    agent_id: Any = msgspec.field(default=None, name="agentId")
    data: _Data | None = None


class _Kind(msgspec.Struct, gc=False):
    type: Any = None
    agent_id: Any = msgspec.field(default=None, name="agentId")
    data: Any = None


_EVENT = msgspec.json.Decoder(_Event)
_KIND = msgspec.json.Decoder(_Kind)


class CopilotEvents:
    """Reads the events of sessions of Copilot's command line."""

    traits = SourceTraits("copilot_events", "copilot", 10, "link", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folder of its sessions."""
        return places.copilot_events(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One file a session, in a folder of its name."""
        return places.NAMES["copilot_events"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one session; without ``activity`` only what holds or explains usage."""
        session = _Session(Gathering(self.traits, place), activity=activity)
        yield from each(lines, session.take, session.gathered)
        session.release()
        yield session.gathered.reading()


class _Session:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        # The folder's name is the session's id, until the first line says it too.
        self._id = PurePath(gathered.place).parent.name
        self._folder = ""
        self._version = ""
        self._agents: dict[str, str] = {}
        self._sums: dict[str, _Counts] = {}
        self._last: dict[str, Witness] = {}
        self._growth: list[Witness] = []
        self._has_records = False
        self._activity = CopilotActivity(gathered) if activity else None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, what explains it, activity, neither, unreadable."""
        if not line.strip():
            return
        kind = decode(_KIND, line)
        if isinstance(kind, str):
            self.gathered.reject(number, kind)
        elif kind.type in _USAGE_TYPES:
            event = decode(_EVENT, line)
            if isinstance(event, str):
                self.gathered.reject(number, event)
            else:
                self._usage(number, event)
        else:
            self._circumstance(kind)
            if not (self._activity and self._activity.take(line, self._id)):
                self.gathered.ignored += 1

    def release(self) -> None:
        """Emit the sums of responses that nobody recorded."""
        for row in self._last.values() if self._has_records else self._growth:
            self.gathered.witness(row)

    def _circumstance(self, event: _Kind) -> None:
        data = event.data if isinstance(event.data, dict) else {}
        if event.type in _STARTS:
            context = data.get("context")
            folder = context.get("cwd") if isinstance(context, dict) else None
            self._id = text(data.get("sessionId")) or self._id
            self._version = text(data.get("copilotVersion")) or self._version
            self._folder = text(folder) or self._folder
        elif event.type == "subagent.started" and len(self._agents) < _AGENTS:
            name = text(data.get("agentName"))
            self._agents[text(event.agent_id)] = name

    def _usage(self, number: int, event: _Event) -> None:
        """Take in a record, or sums of what no record tells."""
        data = event.data or _Data()
        told = {"": data.usage}
        if event.type == _SHUTDOWN:
            sums = {} if self._has_records else data.model_metrics or {}
            told = {text(model): one.usage for model, one in sums.items()}
        used = {model: usage for model, usage in told.items() if usage is not None}
        unknown = not all(usage.told for usage in used.values())
        occurred_at = instant(event.timestamp)
        problem = NO_COUNTS if unknown else untimely(occurred_at)
        self._has_records |= event.type == _RECORD and bool(used) and not unknown
        if not unknown and not any(any(usage.counts) for usage in used.values()):
            self.gathered.ignored += 1
        elif problem or occurred_at is None:
            self.gathered.reject(number, problem)
        elif event.type == _RECORD:
            self.gathered.witness(self._record(event, used[""], occurred_at))
        else:
            grew = [self._sum(event, *one, occurred_at) for one in used.items()]
            self.gathered.ignored += not any(grew)

    def _record(self, event: _Event, usage: _Usage, occurred_at: int) -> Witness:
        response = unique(text(usage.api_call_id))
        request = unique(text(usage.provider_call_id))
        accounting = usage.accounting if isinstance(usage.accounting, dict) else {}
        # Sub-agents have sessions of their own; any other origin is a fork's.
        origin = text(accounting.get("sourceSessionId")) or self._id
        key = response or unique(text(accounting.get("usageId")))
        if not key and isinstance(accounting.get("sequence"), int):
            # Numbered by the session that it comes from, which no fork changes.
            counts = "/".join(map(str, usage.counts))
            key = f"{origin}:{accounting['sequence']}:{counts}"
        key = key or text(event.id) or f"{origin}:{occurred_at}"
        agent = text(event.agent_id)
        row = self._row(key, usage, usage.counts, occurred_at)
        return row._replace(
            link=" ".join(sorted({response, request} - {""})),
            agent=self._agents.get(agent) or agent,
            copied=not agent and origin != self._id,
        )

    def _sum(self, event: _Event, model: str, usage: _Usage, occurred_at: int) -> bool:
        """Note a sum, and what it has grown by; False if it has not."""
        before = self._sums.get(model, (0,) * len(usage.counts))
        whole = tuple(map(max, before, usage.counts))
        growth = tuple(map(sub, whole, before))
        if not any(growth):
            return False
        self._sums[model] = whole
        key = f"{self._id}:{model}:shutdown"
        row = self._row(key, usage, whole, occurred_at)._replace(model=model)
        self._last[model] = row
        key = f"{key}:{text(event.id) or occurred_at}"
        row = self._row(key, usage, growth, occurred_at)
        self._growth.append(row._replace(source=_SUMS, model=model))
        return True

    def _row(
        self, key: str, usage: _Usage, counts: _Counts, occurred_at: int
    ) -> Witness:
        return Witness(
            "copilot_events",
            key,
            "",
            self._id,
            occurred_at,
            "copilot",
            self._version,
            _provider(usage),
            text(usage.model),
            "",
            *_classes(counts),
            None,
            self._folder,
            "",
            False,  # noqa: FBT003
            None,
            "",
        )


def _classes(counts: _Counts) -> Classes:
    """Take the overlapping counts apart."""
    inside, output, read, write, thought = counts
    read = min(read, inside)
    write = min(write, inside - read)
    reasoning = min(thought, output)
    fresh = inside - read - write
    return fresh, read, write, 0, output - reasoning, reasoning, 0


def _provider(usage: _Usage) -> str:
    """Name the vendor; some are only said to be another one."""
    return text(usage.model_provider).removesuffix(_UNNAMED)


SOURCE = CopilotEvents()
