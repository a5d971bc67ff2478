"""Reads the session logs of Acme: a line of JSON for each answer of its model.

    {"type": "answer", "id": "a-1", "response_id": "msg_01…", "session": "s-1",
     "at": "2026-11-20T12:00:00Z", "cwd": "/home/you/code", "model": "claude-opus-4-8",
     "usage": {"prompt": 1200, "cached": 1000, "answer": 90, "thinking": 30}}

Acme counts what came from the cache into ``prompt`` and its thinking into ``answer``;
Mileage's classes are disjoint, so both are taken apart here, at the edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Witness
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
    from pathlib import PurePath

    from mileage.domain.witness import Reading

NAME = "acme_log"
CLIENT = "acme"


class _Usage(msgspec.Struct):
    prompt: Count = None
    cached: Count = None
    answer: Count = None
    thinking: Count = None


class _Line(msgspec.Struct):
    """The fields that are read; what a line says beside them is never decoded."""

    type: str = ""
    id: str = ""
    response_id: str = ""
    at: str = ""
    session: str = ""
    cwd: str = ""
    model: str = ""
    usage: _Usage | None = None


_lines = msgspec.json.Decoder(_Line)


class AcmeLog:
    """Reads the files below ``~/.acme/sessions``."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=10, join="link", replayable=True
    )

    def roots(self, home: PurePath, environ: Mapping[str, str]) -> list[PurePath]:
        """Acme has no setting for its folder."""
        del environ
        return [home / ".acme" / "sessions"]

    def patterns(self) -> tuple[str, ...]:
        """One file a session."""
        return ("*.jsonl",)

    def read(
        self, lines: Iterable[bytes], place: str, *, activity: bool = True
    ) -> Iterator[Reading]:
        """Read one session; readings of bounded size, and nothing ever raises."""
        del activity
        gathering = Gathering(self.traits, place)
        for number, line in enumerate(lines, start=1):
            outcome = _outcome(line)
            if outcome is None:
                gathering.ignored += 1
            elif isinstance(outcome, str):
                gathering.reject(number, outcome)
            else:
                gathering.witness(outcome)
            if number % CHUNK_LINES == 0:
                yield gathering.reading()
        yield gathering.reading()


SOURCE = AcmeLog()


class _Tokens(NamedTuple):
    fresh: int
    cached: int
    visible: int
    thought: int


def _outcome(line: bytes) -> Witness | str | None:
    """Return the call, the reason why it cannot be read, or None for no usage."""
    if not line.strip():
        return None
    read = decode(_lines, line)
    if isinstance(read, str):
        return read
    if read.type != "answer":
        return None
    tokens = _tokens(read.usage or _Usage())
    if isinstance(tokens, str):
        return tokens
    occurred_at = instant(read.at)
    problem = untimely(occurred_at) or ("" if read.id else "no id")
    if problem or occurred_at is None:
        return problem
    return Witness(
        source=NAME,
        key=text(read.id),
        link="".join(text(read.response_id).split()),
        session=text(read.session),
        occurred_at=occurred_at,
        client=CLIENT,
        client_version="",
        provider="",
        model=text(read.model),
        tier="",
        input=tokens.fresh,
        cache_read=tokens.cached,
        cache_write=0,
        cache_write_1h=0,
        output=tokens.visible,
        reasoning=tokens.thought,
        tool_input=0,
        reported_cost=None,
        project=text(read.cwd),
        agent="",
        copied=False,
        attended=None,
        identity="",
    )


def _tokens(usage: _Usage) -> _Tokens | str:
    if usage.prompt is None or usage.answer is None:
        return "no token counts"
    cached, thought = usage.cached or 0, usage.thinking or 0
    if cached > usage.prompt or thought > usage.answer:
        return "parts above the whole"
    return _Tokens(usage.prompt - cached, cached, usage.answer - thought, thought)
