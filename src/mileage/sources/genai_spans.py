"""Spans of any instrumented program: one witness per model call.

Frameworks, instrumentors and libraries each send a span for the same call, one above
the other, and agents repeat the sums of what they called. Counted are the spans of
inference, one per response id; where no id is told, one per span, less those above a
span that carries the same usage. What stands above what is only known within a body.

Two spans of one answer may tell it in different detail (an instrumentor that leaves the
cached tokens in the input). The larger of each count of both would be too much, so each
level of detail is a source of its own, and the finest leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mileage.domain.call import SourceTraits
from mileage.sources.genai_call import (
    CALL_KEYS,
    DIGESTS,
    Caller,
    answer_id,
    answered,
    witness,
)
from mileage.sources.genai_usage import (
    INFERENCE_MARKS,
    MARKS,
    Unusable,
    Usage,
    inference,
    model,
    usage,
)
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mileage.domain.witness import Reading
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "genai_spans"
CLIENT = "sdk"
GATEWAY = Caller("litellm_spans", "litellm")
SDK_SCOPE = "com.anthropic.sdk"
"""The Anthropic SDK's own spans: read by a source of their own."""

# Clients whose calls another source counts, as their spans name them.
_CLIENT_SCOPES = ("com.anthropic.claude_code", "github.copilot", "copilot-chat")
_CLIENTS = frozenset(
    {"claude-code", "claude-code-desktop"}
    | {"codex_exec", "codex_cli_rs", "codex-tui", "codex_vscode"}
    | {"gemini-cli", "qwen-code", "opencode", "github-copilot", "copilot-chat"}
)
_BY_DETAIL = ("genai_spans_whole", "genai_spans_partial", NAME)
"""Under which name a span is told that has so many classes of cached tokens."""
_CLOSE = 120_000_000
"""Microseconds that two spans of one answer may end apart."""
_MAX_ALIKE = 256
"""How many answers of the same counts are looked through."""
_MAX_DEPTH = 16
"""How many spans above another are looked at."""


class GenAiSpans:
    """Reads spans that follow a GenAI convention, of programs that are no client."""

    traits = SourceTraits(
        name=NAME, client=CLIENT, precedence=15, join="link", replayable=False
    )
    names: frozenset[str] = frozenset()
    keys = CALL_KEYS
    span_names: frozenset[str] = frozenset()
    span_marks = INFERENCE_MARKS | MARKS
    digests = DIGESTS

    def wants(self, record: OtlpRecord) -> bool:
        """Take every span of a program: those above a call and those of it."""
        if record.signal != "traces" or record.scope in _CLIENTS:
            return False
        service = record.resource.get("service.name")
        return service not in _CLIENTS and not record.scope.startswith(_CLIENT_SCOPES)

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn spans of calls into witnesses; never raises."""
        return gather(map(_facts, _Family(list(records)).counted()))


SOURCE = GenAiSpans()


class _Told(NamedTuple):
    """A span, whether it stands for a call, and its tokens."""

    record: OtlpRecord
    inference: bool
    usage: Usage | Unusable | None

    @property
    def signature(self) -> tuple[str, int, int]:
        """The answer, and what it took in and gave back, however divided."""
        tokens = self.usage.tokens if isinstance(self.usage, Usage) else None
        if tokens is None:
            return answer_id(self.record), 0, 0
        output = tokens.output + tokens.reasoning
        return answer_id(self.record), tokens.total - output, output


class _Family:
    """The spans of one body, and which stands above which."""

    def __init__(self, records: Sequence[OtlpRecord]) -> None:
        self._told = [_told(record) for record in records]
        self._by_span = {_own(told.record): told for told in self._told}
        self._below: dict[tuple[str, str], set[tuple[str, int, int]]] = {}
        for told in self._told:
            if told.inference and told.usage:
                for above in self._above(told.record):
                    self._below.setdefault(_own(above.record), set()).add(
                        told.signature
                    )
        self._twins = _twins(self._told)

    def counted(self) -> Iterator[tuple[OtlpRecord, Usage | Unusable | None] | None]:
        """Yield the spans of calls; None stands for a span that is none."""
        for told in self._told:
            if told.record.scope.startswith(SDK_SCOPE):
                continue
            yield (told.record, told.usage) if self._counts(told) else None

    def _counts(self, told: _Told) -> bool:
        if not told.inference:
            return False
        below = self._below.get(_own(told.record))
        if below:
            # Another witness of the same answer does no harm; a sum of several would.
            return bool(answer_id(told.record)) and told.signature in below
        if told.usage:
            return _own(told.record) not in self._twins
        return answered(told.record) and not self._told_above(told.record)

    def _told_above(self, record: OtlpRecord) -> bool:
        """Tell whether a span above reports the usage that this one lacks."""
        return any(
            above.inference and above.usage and _own(above.record) not in self._below
            for above in self._above(record)
        )

    def _above(self, record: OtlpRecord) -> Iterator[_Told]:
        span = record.span
        for _ in range(_MAX_DEPTH):
            if span is None or not span.parent_id:
                return
            told = self._by_span.get((span.trace_id, span.parent_id))
            if told is None:
                return
            yield told
            span = told.record.span


def _twins(told: Iterable[_Told]) -> set[tuple[str, str]]:
    """Find spans without an id of answers that another part of the program names.

    An instrumentor that hides what it saw (OpenInference does, if asked to) may stand
    in a trace of its own. Same model, same counts and close in time, one to one.
    """
    measured = [one for one in told if one.inference and isinstance(one.usage, Usage)]
    measured.sort(key=_time)
    named: dict[tuple[str, int, int], list[_Told]] = {}
    for one in measured:
        known = named.setdefault(_alike(one), [])
        if answer_id(one.record) and len(known) < _MAX_ALIKE:
            known.append(one)
    waiting: dict[tuple[str, tuple[str, int, int]], list[_Told]] = {}
    found: set[tuple[str, str]] = set()
    for one in measured:
        if not answer_id(one.record) and _own(one.record) not in found:
            place = (one.record.scope, _alike(one))
            if place not in waiting:
                waiting[place] = _elsewhere(one, named[place[1]])
            if _took_one(waiting[place], _time(one)):
                found.add(_own(one.record))
    return found


def _elsewhere(one: _Told, named: Iterable[_Told]) -> list[_Told]:
    """Return what other parts name, each answer once, the last first."""
    answers = {
        answer_id(other.record): other
        for other in named
        if other.record.scope != one.record.scope
    }
    return sorted(answers.values(), key=_time, reverse=True)


def _took_one(waiting: list[_Told], time: int) -> bool:
    while waiting and _time(waiting[-1]) < time - _CLOSE:
        waiting.pop()
    if waiting and _time(waiting[-1]) <= time + _CLOSE:
        waiting.pop()
        return True
    return False


def _time(told: _Told) -> int:
    return told.record.occurred_at or 0


def _alike(told: _Told) -> tuple[str, int, int]:
    return (model(told.record), *told.signature[1:])


def _told(record: OtlpRecord) -> _Told:
    called = inference(record)
    return _Told(record, called, usage(record) if called else None)


def _own(record: OtlpRecord) -> tuple[str, str]:
    span = record.span
    return (span.trace_id, span.span_id) if span else ("", "")


def _facts(counted: tuple[OtlpRecord, Usage | Unusable | None] | None) -> Facts:
    if counted is None:
        return ()
    record, read = counted
    if record.scope == GATEWAY.client:
        return (witness(record, GATEWAY, read),)
    source = _BY_DETAIL[read.detail] if isinstance(read, Usage) else _BY_DETAIL[0]
    return (witness(record, Caller(source, CLIENT), read),)
