"""Gemini CLI's own chats: ``session-*.jsonl`` below ``tmp/PROJECT/chats``.

A message is appended again, with the same id, each time something is added to it: the
last one is the message. ``$set`` may hold messages too; ``$rewindTo`` takes them out of
the conversation, but what was billed stays billed. Until 2025 a session was one
indented document, ``.json``; resuming it writes the same messages as lines. So a call
is known by session and message, over all files (recorded with version 0.61.0).
"""

from __future__ import annotations

from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
from mileage.sources import places
from mileage.sources.gemini_cli_activity import GeminiCliActivity
from mileage.sources.gemini_cli_counts import GeminiUsage, disjoint
from mileage.sources.indented_json import Found, objects
from mileage.sources.jsonl import (
    CHUNK_LINES,
    Count,
    Gathering,
    decode,
    instant,
    text,
    untimely,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mileage.domain.witness import Reading

# A message is repeated within moments; older ones are final and need not be kept.
REMEMBERED_MESSAGES = 5_000
SUB_AGENT = "subagent"

_ANSWER = "gemini"
_CHATS = "chats"
_BELOW_CHATS = 3
# Every line that matters without activity has one of these.
_TELLING = (b'"tokens"', b'"sessionId"')


class _Tokens(msgspec.Struct, gc=False):
    """Cached input lies inside input, thoughts and tool input stand beside."""

    input: Count = 0
    output: Count = 0
    cached: Count = 0
    thoughts: Count = 0
    tool: Count = 0
    total: Count = 0


class _Message(msgspec.Struct, gc=False):
    id: Any = None
    timestamp: Any = None
    type: Any = None
    model: Any = None
    tokens: _Tokens | None = None


class _Session(msgspec.Struct, gc=False, rename="camel"):
    """What a first line, an update or a whole document says of a session."""

    session_id: Any = None
    project_hash: Any = None
    kind: Any = None
    messages: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct, gc=False, rename="camel"):
    """A message, a session, or an update of one."""

    id: Any = None
    timestamp: Any = None
    type: Any = None
    model: Any = None
    tokens: _Tokens | None = None
    session_id: Any = None
    project_hash: Any = None
    kind: Any = None
    messages: list[msgspec.Raw] | None = None
    update: _Session | None = msgspec.field(default=None, name="$set")


_LINE = msgspec.json.Decoder(_Line)
_MESSAGE = msgspec.json.Decoder(_Message)


class GeminiCliChat:
    """Reads the chats of Gemini CLI, of sub-agents and of older versions too."""

    traits = SourceTraits("gemini_cli_chat", "gemini-cli", 10, "counts", True)  # noqa: FBT003
    project_file = ".project_root"
    """Stands above the folder of chats, and names what chats hold a hash of."""

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """``GEMINI_DATA_DIR`` and ``GEMINI_CLI_HOME`` move them."""
        return places.gemini_cli_chat(home, environ)

    def patterns(self) -> tuple[str, ...]:
        """Match sub-agents too, which bear the name of their session alone."""
        return places.NAMES["gemini_cli_chat"]

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one chat; without ``activity`` only what may hold usage."""
        chat = _Chat(Gathering(self.traits, place), place, activity=activity)
        for count, piece in enumerate(_pieces(lines, place), start=1):
            chat.take(piece)
            if count % CHUNK_LINES == 0:
                yield chat.gathered.reading()
        chat.close()
        yield chat.gathered.reading()


SOURCE = GeminiCliChat()


def _pieces(lines: Iterable[bytes], place: str) -> Iterator[Found]:
    """Yield lines, or of a whole document its one object."""
    rest = iter(lines)
    first = next(rest, b"")
    everything = chain([first], rest)
    if first.strip() == b"{" and not place.endswith(".jsonl"):
        yield from objects(everything)
        return
    for number, line in enumerate(everything, start=1):
        yield Found(number, line, "")


class _Answer(NamedTuple):
    """A message of the model, before the session it belongs to is known for sure."""

    number: int
    occurred_at: int
    model: str
    usage: GeminiUsage


class _Chat:
    """One file, line by line; it is one session's."""

    def __init__(self, gathered: Gathering, place: str, *, activity: bool) -> None:
        self.gathered = gathered
        self._answers: dict[str, _Answer] = {}
        self._session = self._project = ""
        self._parent = _parent_session(place)
        self._sub_agent = bool(self._parent)
        self._activity = GeminiCliActivity(gathered) if activity else None

    def take(self, piece: Found) -> None:
        """Sort one line or document: usage, activity, neither, or unreadable."""
        if piece.problem:
            self.gathered.reject(piece.number, piece.problem)
            return
        if self._activity is None and not any(m in piece.text for m in _TELLING):
            self.gathered.ignored += bool(piece.text.strip())
            return
        line = decode(_LINE, piece.text)
        if isinstance(line, str):
            if piece.text.strip():
                self.gathered.reject(piece.number, line)
            return
        told = self._learn(piece.number, line)
        if self._activity:
            owner = self._parent or self._session
            beside = self._activity.take(piece.text, owner, agent=self._sub_agent)
            told = beside or told
        self.gathered.ignored += not told

    def close(self) -> None:
        """Hand on what was kept back for later versions of the same messages."""
        self._hand_on(0)

    def _learn(self, number: int, line: _Line) -> bool:
        """Take in what a line says of session and usage; tell whether of usage."""
        self._describe(line)
        messages = list(line.messages or ())
        if line.update is not None:
            self._describe(line.update)
            messages += line.update.messages or ()
        told = line.tokens is not None and self._answer(number, line)
        for raw in messages:
            message = decode(_MESSAGE, bytes(raw))
            if isinstance(message, str):
                self.gathered.reject(number, message)
                told = True
            elif message.tokens is not None:
                told = self._answer(number, message) or told
        self._hand_on(REMEMBERED_MESSAGES)
        return told

    def _describe(self, told: _Line | _Session) -> None:
        self._session = text(told.session_id) or self._session
        self._project = text(told.project_hash) or self._project
        self._sub_agent = self._sub_agent or told.kind == SUB_AGENT

    def _answer(self, number: int, message: _Line | _Message) -> bool:
        """Keep the latest version of an answer; False when it is none."""
        tokens = message.tokens
        if tokens is None or message.type != _ANSWER:
            return False
        identity, occurred_at = text(message.id), instant(message.timestamp)
        problem = untimely(occurred_at) if identity else "no message id"
        if problem or occurred_at is None:
            self.gathered.reject(number, problem)
            return True
        usage = GeminiUsage(
            tokens.input or 0,
            tokens.output or 0,
            tokens.cached or 0,
            tokens.thoughts or 0,
            tokens.tool or 0,
            tokens.total or 0,
        )
        self._answers.pop(identity, None)
        model = text(message.model)
        self._answers[identity] = _Answer(number, occurred_at, model, usage)
        return True

    def _hand_on(self, at_most: int) -> None:
        while len(self._answers) > at_most:
            identity = next(iter(self._answers))
            self.gathered.witness(self._witness(identity, self._answers.pop(identity)))

    def _witness(self, identity: str, answer: _Answer) -> Witness:
        return Witness(
            source=self.gathered.traits.name,
            key=f"{self._session}:{identity}",
            link="",
            # Telemetry names the session of the person, whichever agent asked.
            session=self._parent or self._session,
            occurred_at=answer.occurred_at,
            client=self.gathered.traits.client,
            client_version="",
            provider="google",
            model=answer.model,
            tier="",
            **disjoint(answer.usage)._asdict(),
            reported_cost=None,
            project=self._project,
            agent=SUB_AGENT if self._sub_agent else "",
            copied=False,
            attended=None,
            identity="",
            measure="" if any(answer.usage) else "unmeasured",
        )


def _parent_session(place: str) -> str:
    """Return the session that started this one: it names the folder, or ''."""
    parts = PurePath(place).parts
    if len(parts) < _BELOW_CHATS or parts[-_BELOW_CHATS] != _CHATS:
        return ""
    return text(parts[-2])
