"""Wire files of Kimi's command lines: ``wire.jsonl`` in each session's folder.

The older client (Kimi CLI) writes ``StatusUpdate`` messages, whose ``token_usage`` is
that of one step, with the provider's id of the message; those of sub-agents come in a
``SubagentEvent``. They do not name the model: such calls stay unpriced. Kimi Code
writes ``usage.record`` lines with the model; those of scope ``session`` (a summary of a
long session) are calls as well, its own totals add both. Input excludes both cache
classes, output includes reasoning. Session and agent are the names of folders.

Confirmed in both clients' published sources (MoonshotAI/kimi-cli, kimi-code); never
recorded.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Activity, Reading, Witness
from mileage.sources import epoch, places
from mileage.sources.files import LineReader, LogFile
from mileage.sources.jsonl import (
    NO_COUNTS,
    Classes,
    Count,
    Gathering,
    decode,
    each,
    text,
    untimely,
)
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STATUS = "StatusUpdate"
_SUBAGENT = "SubagentEvent"
_USAGE = (b'"token_usage"', b'"usage.record"')
_PREFIX = "kimi-code/"


class _Counts(msgspec.Struct, gc=False):
    """Both spellings: the older client's, and Kimi Code's."""

    input_other: Count = None
    input_cache_read: Count = None
    input_cache_creation: Count = None
    output: Count = None
    other: Count = msgspec.field(default=None, name="inputOther")
    read: Count = msgspec.field(default=None, name="inputCacheRead")
    written: Count = msgspec.field(default=None, name="inputCacheCreation")

    @property
    def told(self) -> bool:
        """Whether any count is told, if only 0."""
        return any(count is not None for count in msgspec.structs.astuple(self))

    def classes(self) -> Classes:
        """Return the disjoint counts; null is none."""
        return (
            self.input_other or self.other or 0,
            self.input_cache_read or self.read or 0,
            self.input_cache_creation or self.written or 0,
            0,
            self.output or 0,
            0,
            0,
        )


class _Payload(msgspec.Struct, gc=False):
    token_usage: _Counts | None = None
    message_id: Any = None
    agent_id: Any = None
    subagent_type: Any = None
    event: _Message | None = None


class _Message(msgspec.Struct, gc=False):
    type: Any = None
    payload: _Payload | None = None


class _Line(msgspec.Struct, gc=False):
    timestamp: Any = None
    message: _Message | None = None
    type: Any = None
    model: Any = None
    usage: _Counts | None = None
    time: Any = None


class _Loose(msgspec.Struct, gc=False):
    type: Any = None


_LINE = msgspec.json.Decoder(_Line)
_LOOSE = msgspec.json.Decoder(_Loose)


class KimiWire:
    """Reads wire files of Kimi CLI and of Kimi Code."""

    traits = SourceTraits("kimi_wire", "kimi", 10, "link", replayable=True)

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Name the folders of both clients' sessions."""
        return places.kimi_wire(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """One file a session, or of Kimi Code one an agent."""
        return places.NAMES["kimi_wire"]

    def read_file(
        self, path: str, place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one file; without ``activity`` only what may hold usage."""
        lines = LineReader(LogFile(self.traits.name, path, 0), place=place)
        wire = _Wire(Gathering(self.traits, place), path, activity=activity)
        yield from each(lines, wire.take, wire.gathered)
        yield wire.gathered.reading()
        if lines.rejected:
            yield Reading(rejected=tuple(lines.rejected))


class _Wire:
    """One file, line by line."""

    def __init__(self, gathered: Gathering, path: str, *, activity: bool) -> None:
        self.gathered = gathered
        self._activity = activity
        self._model = ""
        folder = PurePath(path).parent
        self._agent = ""
        if folder.parent.name == "agents":
            self._agent = "" if folder.name == "main" else folder.name
            folder = folder.parent.parent
        self._session = folder.name

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, activity, neither, or unreadable."""
        if not line.strip():
            return
        decoded = decode(_LINE, line)
        if isinstance(decoded, str):
            self._unfit(number, line, decoded)
        elif decoded.type == "usage.record" and decoded.usage:
            at = epoch.of_milliseconds(decoded.time)
            self._model = _model(decoded.model) or self._model
            self._call(number, at, decoded.usage, (self._model, "", self._agent))
        elif decoded.message is not None:
            at = epoch.of_seconds(decoded.timestamp)
            self._message(number, at, decoded.message, "")
        else:
            if decoded.type == "llm.request":
                self._model = _model(decoded.model) or self._model
            at = epoch.of_milliseconds(decoded.time)
            self._asked(at, is_prompt=decoded.type == "turn.prompt" and not self._agent)

    def _unfit(self, number: int, line: bytes, reason: str) -> None:
        loose = decode(_LOOSE, line)
        if isinstance(loose, str) or any(mark in line for mark in _USAGE):
            self.gathered.reject(number, reason)
        else:
            self.gathered.ignored += 1

    def _message(
        self, number: int, at: int | None, message: _Message, agent: str
    ) -> None:
        payload = message.payload or _Payload()
        if message.type == _SUBAGENT and payload.event is not None:
            name = text(payload.subagent_type) or text(payload.agent_id) or "subagent"
            self._message(number, at, payload.event, name)
        elif message.type == _STATUS and payload.token_usage is not None:
            response = unique(text(payload.message_id))
            self._call(number, at, payload.token_usage, ("", response, agent))
        else:
            self._asked(at, is_prompt=message.type == "TurnBegin" and not agent)

    def _call(
        self, number: int, at: int | None, used: _Counts, names: tuple[str, str, str]
    ) -> None:
        """Take a call in, by the names of model, response and sub-agent."""
        counts = used.classes()
        problem = untimely(at)
        if not used.told:
            self.gathered.reject(number, NO_COUNTS)
        elif not any(counts):
            self.gathered.ignored += 1
        elif problem or at is None:
            self.gathered.reject(number, problem)
        else:
            self.gathered.witness(self._witness(at, counts, names))

    def _witness(
        self, at: int, counts: Classes, names: tuple[str, str, str]
    ) -> Witness:
        model, response, agent = names
        own = (self._session, self._agent, at, *counts)
        return Witness(
            "kimi_wire",
            response or ":".join(map(str, own)),
            response,
            self._session,
            at,
            "kimi",
            "",
            "moonshotai" if model.startswith("kimi") else "",
            model,
            "",
            *counts,
            None,
            "",
            agent,
            False,  # noqa: FBT003
            None,
            "",
        )

    def _asked(self, at: int | None, *, is_prompt: bool) -> None:
        """Count a prompt, or a line that is neither that nor usage."""
        if not (is_prompt and self._activity) or at is None or untimely(at):
            self.gathered.ignored += 1
            return
        place = ("kimi_wire", f"{self._session}:{at}", self._session, at, "kimi")
        self.gathered.activity(Activity(*place, "prompt", "", 1, None, ""))


def _model(value: object) -> str:
    """Return a model's name; one such as ``__kimi_env_model__`` stands for another."""
    name = text(value).removeprefix(_PREFIX)
    return "" if name.startswith("__") and name.endswith("__") else name


SOURCE = KimiWire()
