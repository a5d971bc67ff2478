"""Codex's token metric: an estimate beside the figures, because it names no session.

Recorded with Codex 0.169: ``codex.turn.token_usage`` is a histogram (delta) of the
tokens of turns, by overlapping types. It tells neither the session nor the turn, so
nobody can know whether the same turns were counted from events, spans or logs. Its
sums are exact; they are shown as an estimate and never added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import ESTIMATE, SourceTraits
from mileage.domain.tokens import Tokens
from mileage.domain.witness import Reading, Rejected, Witness, WitnessBatch
from mileage.sources.codex_counts import CodexUsage
from mileage.sources.otlp_measurement import measurements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_measurement import Measurement
    from mileage.sources.otlp_record import OtlpRecord

NAME = "codex_metrics"
CLIENT = "codex"

_METRIC = "codex.turn.token_usage"
_TYPE = "token_type"
_PARTS = ("input", "cached_input", "cache_write_input", "output", "reasoning_output")
_REPEATED = "total"
_SUB_AGENT = "subagent"


class CodexMetrics:
    """Reads ``codex.turn.token_usage``."""

    traits = SourceTraits(
        name=NAME,
        client=CLIENT,
        precedence=5,
        join="counts",
        replayable=False,
        gap=True,
        sums=True,
    )
    names = frozenset({_METRIC})
    keys = frozenset(
        {
            _TYPE,
            "app.version",
            "enduser.id",
            "model",
            "service.version",
            "session_source",
            "user.email",
        }
    )

    def wants(self, record: OtlpRecord) -> bool:
        """Tell the metric by its name, which nobody else uses."""
        return record.signal == "metrics" and record.name == _METRIC

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn points into estimates; never raises."""
        known: list[OtlpRecord] = []
        rejected: list[Rejected] = []
        ignored = 0
        for record in records:
            kind = record.text(_TYPE)
            if kind in _PARTS:
                known.append(record)
            elif kind == _REPEATED:
                ignored += 1
            else:
                rejected.append(record.rejected(NAME, "unknown type of token"))
        told, unread, empty = measurements(known, _TYPE, NAME)
        return Reading(
            WitnessBatch.of(map(_witness, told)),
            rejected=(*rejected, *unread),
            ignored=ignored + empty,
        )


SOURCE = CodexMetrics()


def _witness(one: Measurement) -> Witness:
    record = one.record
    sent = CodexUsage(*(one.counts.get(kind, 0) for kind in _PARTS))
    sub_agent = record.text("session_source").startswith(_SUB_AGENT)
    return Witness(
        source=NAME,
        key=one.key,
        link="",
        session="",
        occurred_at=one.occurred_at,
        client=CLIENT,
        client_version=record.text("app.version") or record.text("service.version"),
        provider="",
        model=record.text("model"),
        tier="",
        **Tokens(*sent.classes())._asdict(),
        reported_cost=None,
        project="",
        agent=_SUB_AGENT if sub_agent else "",
        copied=False,
        attended=None,
        identity=record.identity(),
        measure=ESTIMATE,
    )
