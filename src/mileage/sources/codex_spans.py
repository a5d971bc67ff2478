"""Codex's spans of turns, for sessions that sent no events and left no log.

Recorded with Codex 0.169. ``session_task.turn`` names the session and the model and
carries the tokens of the turn; ``handle_responses`` carries those of one response, but
neither session nor model, so that nobody could tell whether they were counted. Hence a
turn is told as one call. Its tokens are exact unless Codex exits before it is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.tokens import Tokens
from mileage.domain.witness import Reading, Rejected, Witness
from mileage.sources.codex_counts import CodexUsage
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "codex_spans"
CLIENT = "codex"

_SPAN = "session_task.turn"
_USAGE = "codex.turn.token_usage."
_COUNTS = tuple(
    _USAGE + part
    for part in (
        "input_tokens",
        "cached_input_tokens",
        "cache_write_input_tokens",
        "output_tokens",
        "reasoning_output_tokens",
    )
)


class CodexSpans:
    """Reads ``session_task.turn``."""

    traits = SourceTraits(
        name=NAME,
        client=CLIENT,
        precedence=6,
        join="counts",
        replayable=False,
        gap=True,
        sums=True,
    )
    names: frozenset[str] = frozenset()
    keys = frozenset(_COUNTS) | {
        "enduser.id",
        "model",
        "service.version",
        "thread.id",
        "turn.id",
        "user.email",
    }
    span_names = frozenset({_SPAN})
    span_marks: frozenset[str] = frozenset()
    digests: Mapping[str, re.Pattern[str]] = {}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell the span by its name."""
        return record.signal == "traces" and record.name == _SPAN

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn spans of turns into witnesses; never raises."""
        return gather(map(_facts, records))


SOURCE = CodexSpans()


def _facts(record: OtlpRecord) -> Facts:
    if record.attributes.keys().isdisjoint(_COUNTS):
        return ()
    counts = [record.tally(key, 0) for key in _COUNTS]
    told = [count for count in counts if count is not None]
    if len(told) < len(counts):
        return (record.rejected(NAME, "absurd token counts"),)
    # A turn that was stopped before its first answer used nothing.
    return (_turn(record, CodexUsage(*told)),) if any(told) else ()


def _turn(record: OtlpRecord, sent: CodexUsage) -> Witness | Rejected:
    # The span has two attributes of this name; the last one, a text, is the session.
    session = record.text("thread.id")
    turn = record.text("turn.id")
    problem = record.time_problem() or (
        "" if session and turn else "no session or turn id"
    )
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    return Witness(
        source=NAME,
        key=f"{session}:{turn}",
        link="",
        session=session,
        occurred_at=record.occurred_at,
        client=CLIENT,
        client_version=record.text("service.version"),
        provider="",
        model=record.text("model"),
        tier="",
        **Tokens(*sent.classes())._asdict(),
        reported_cost=None,
        project="",
        agent="",
        copied=False,
        attended=None,
        identity=record.identity(),
    )
