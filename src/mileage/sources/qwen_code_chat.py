"""Qwen Code's own chats: JSON lines below ``projects/FOLDER/chats``.

Most responses stand there twice: as a ``ui_telemetry`` line with the provider's id,
and as the assistant's line with ``usageMetadata``, which has none. Compressing a
conversation and the agents beside it (memory extraction) leave the first kind alone.
So the first kind is the call, and an assistant's line with the same counts at the same
time is that call again; without such a partner it is a call of its own (recorded with
version 0.15.10).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources import places
from mileage.sources.jsonl import (
    Count,
    Gathering,
    decode,
    each,
    instant,
    text,
    untimely,
)
from mileage.sources.qwen_code_activity import QwenCodeActivity
from mileage.sources.qwen_code_counts import QwenUsage, disjoint, provider
from mileage.sources.qwen_code_twins import Twins
from mileage.sources.response_ids import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from mileage.domain.witness import Reading

_RESPONSE = "qwen-code.api_response"
# Every line of usage has one of these.
_TELLING = (b'"usageMetadata"', b'"qwen-code.api_response"')


class _Usage(msgspec.Struct, gc=False, rename="camel"):
    """Cached input lies inside the prompt, thoughts inside the candidates."""

    prompt_token_count: Count = 0
    candidates_token_count: Count = 0
    cached_content_token_count: Count = 0
    thoughts_token_count: Count = 0
    total_token_count: Count = 0

    def counts(self) -> QwenUsage:
        """Return plain counts; null is none."""
        return QwenUsage(
            self.prompt_token_count or 0,
            self.candidates_token_count or 0,
            self.cached_content_token_count or 0,
            self.thoughts_token_count or 0,
            self.total_token_count or 0,
        )


class _Event(msgspec.Struct, gc=False):
    name: Any = msgspec.field(default=None, name="event.name")
    response_id: Any = None
    model: Any = None
    auth_type: Any = None
    subagent_name: Any = None
    subagent_type: Any = None
    input_token_count: Count = 0
    output_token_count: Count = 0
    cached_content_token_count: Count = 0
    thoughts_token_count: Count = 0
    total_token_count: Count = 0

    def counts(self) -> QwenUsage:
        """Return plain counts; null is none."""
        return QwenUsage(
            self.input_token_count or 0,
            self.output_token_count or 0,
            self.cached_content_token_count or 0,
            self.thoughts_token_count or 0,
            self.total_token_count or 0,
        )


class _Payload(msgspec.Struct, gc=False, rename="camel"):
    ui_event: _Event | None = None


class _Line(msgspec.Struct, gc=False, rename="camel"):
    uuid: Any = None
    session_id: Any = None
    timestamp: Any = None
    type: Any = None
    cwd: Any = None
    version: Any = None
    model: Any = None
    is_sidechain: Any = None
    forked_from: Any = None
    usage_metadata: _Usage | None = None
    system_payload: Any = None


class _TelemetryLine(msgspec.Struct, gc=False, rename="camel"):
    system_payload: _Payload | None = None


_LINE = msgspec.json.Decoder(_Line)
_TELEMETRY = msgspec.json.Decoder(_TelemetryLine)


class QwenCodeChat:
    """Reads the chats of Qwen Code."""

    traits = SourceTraits("qwen_code_chat", "qwen-code", 10, "link", True)  # noqa: FBT003

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """``QWEN_RUNTIME_DIR``, ``QWEN_HOME`` and ``QWEN_DATA_DIR`` move them."""
        return places.qwen_code_chat(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Match chats, which are named by their session."""
        return places.NAMES["qwen_code_chat"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one chat; without ``activity`` only what may hold usage."""
        chat = _Chat(Gathering(self.traits, place), activity=activity)
        yield from each(lines, chat.take, chat.gathered)
        chat.close()
        yield chat.gathered.reading()


SOURCE = QwenCodeChat()


class _Chat:
    """One file, line by line; it is one session's."""

    def __init__(self, gathered: Gathering, *, activity: bool) -> None:
        self.gathered = gathered
        self._twins = Twins()
        self._activity = QwenCodeActivity(gathered) if activity else None

    def take(self, number: int, line: bytes) -> None:
        """Sort one line: usage, activity, neither, or unreadable."""
        telling = any(mark in line for mark in _TELLING)
        if self._activity is None and not telling:
            self.gathered.ignored += bool(line.strip())
            return
        decoded = decode(_LINE, line)
        if isinstance(decoded, str):
            if line.strip():
                self.gathered.reject(number, decoded)
            return
        told = telling and self._usage(number, decoded, line)
        if self._activity:
            told = self._activity.take(line) or told
        self.gathered.ignored += not told

    def close(self) -> None:
        """Take in the answers that no telemetry line told of."""
        for alone in self._twins.rest():
            self.gathered.witness(alone)

    def _usage(self, number: int, line: _Line, raw: bytes) -> bool:
        """Take a call in; False when the line is none."""
        if line.type == "system" and line.system_payload is not None:
            return self._telemetry(number, line, raw)
        # What an agent beside the main thread writes of itself repeats telemetry.
        beside = line.is_sidechain is True
        if line.type != "assistant" or line.usage_metadata is None or beside:
            return False
        row = self._row(number, line, _by_line(line))
        if row is not None:
            usage = line.usage_metadata.counts()
            whole = _measured(row._replace(model=text(line.model)), usage)
            for alone in self._twins.answered(whole):
                self.gathered.witness(alone)
        return True

    def _telemetry(self, number: int, line: _Line, raw: bytes) -> bool:
        decoded = decode(_TELEMETRY, raw)
        if isinstance(decoded, str):
            self.gathered.reject(number, decoded)
            return True
        event = decoded.system_payload.ui_event if decoded.system_payload else None
        if event is None or event.name != _RESPONSE:
            return False
        link = unique(text(event.response_id))
        row = self._row(number, line, link or _by_line(line))
        if row is not None:
            named = row._replace(
                link=link,
                model=text(event.model),
                provider=provider(text(event.auth_type)),
                agent=text(event.subagent_type) or text(event.subagent_name),
            )
            whole = _measured(named, event.counts())
            self.gathered.witness(whole)
            self._twins.told(whole)
        return True

    def _row(self, number: int, line: _Line, key: str) -> Witness | None:
        """Return a witness without counts; None if the line has no name or time."""
        occurred_at = instant(line.timestamp)
        problem = untimely(occurred_at) if key else "neither response id nor uuid"
        if problem or occurred_at is None:
            self.gathered.reject(number, problem)
            return None
        return Witness(
            source=self.gathered.traits.name,
            key=key,
            link="",
            session=text(line.session_id),
            occurred_at=occurred_at,
            client=self.gathered.traits.client,
            client_version=text(line.version),
            provider="",
            model="",
            tier="",
            **disjoint(QwenUsage(0, 0))._asdict(),
            reported_cost=None,
            project=text(line.cwd),
            agent="",
            # A branched session is a copy, line by line, of another.
            copied=isinstance(line.forked_from, dict),
            attended=None,
            identity="",
        )


def _by_line(line: _Line) -> str:
    identity = text(line.uuid)
    return f"uuid:{identity}" if identity else ""


def _measured(row: Witness, usage: QwenUsage) -> Witness:
    measure = "" if any(usage) else "unmeasured"
    return row._replace(**disjoint(usage)._asdict(), measure=measure)
