"""Claude Code's token metric, for sessions that sent no events and left no log.

Recorded with Claude Code 2.1.197, delta (its default) and cumulative. It names the
session and the model, but not the request: an interval is told as one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import ESTIMATE, SourceTraits
from mileage.domain.witness import Reading, Rejected, Witness, WitnessBatch
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.otlp_measurement import measurements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_measurement import Measurement
    from mileage.sources.otlp_record import OtlpRecord

NAME = "claude_code_metrics"
CLIENT = "claude-code"

_METRIC = "claude_code.token.usage"
_TYPE = "type"
_CLASSES = {
    "input": "input",
    "output": "output",
    "cacheRead": "cache_read",
    "cacheCreation": "cache_write",
}


class ClaudeCodeMetrics:
    """Reads ``claude_code.token.usage``; what else is measured, no source of calls."""

    traits = SourceTraits(
        name=NAME,
        client=CLIENT,
        precedence=5,
        join="link",
        replayable=False,
        gap=True,
    )
    names = frozenset({_METRIC})
    keys = telemetry.KEYS | {_TYPE}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell the metric by its name, which nobody else uses."""
        return record.signal == "metrics" and record.name == _METRIC

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn points into witnesses; never raises."""
        known: list[OtlpRecord] = []
        rejected: list[Rejected] = []
        for record in records:
            if record.text(_TYPE) in _CLASSES:
                known.append(record)
            else:
                rejected.append(record.rejected(NAME, "unknown type of token"))
        told, unread, empty = measurements(known, _TYPE, NAME)
        return Reading(
            WitnessBatch.of(map(_witness, told)),
            rejected=(*rejected, *unread),
            ignored=empty,
        )


SOURCE = ClaudeCodeMetrics()


def _witness(one: Measurement) -> Witness:
    record = one.record
    session = record.text("session.id")
    model = telemetry.model_name(record.text("model"))
    counts = {name: one.counts.get(kind, 0) for kind, name in _CLASSES.items()}
    return Witness(
        source=NAME,
        key=one.key,
        link="",
        session=session,
        occurred_at=one.occurred_at,
        client=CLIENT,
        client_version=telemetry.version(record),
        provider=telemetry.provider(model),
        model=model,
        tier=telemetry.tier(record),
        **counts,
        cache_write_1h=0,
        reasoning=0,
        tool_input=0,
        reported_cost=None,
        project="",
        agent=telemetry.agent(record),
        copied=False,
        attended=telemetry.attended(record),
        identity=telemetry.identity(record),
        # Without a session nobody can tell whether its events were counted.
        measure="" if session else ESTIMATE,
    )
