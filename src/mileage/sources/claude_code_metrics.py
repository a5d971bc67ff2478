"""Claude Code's token metric, for sessions that sent no events and left no log.

Recorded with Claude Code 2.1.197, delta (its default) and cumulative. It names the
session and the model, but not the request: an interval is told as one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.domain.witness import Reading, Rejected, Witness, WitnessBatch
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.otlp_measurement import measurements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.sources.otlp_measurement import Measurement
    from mileage.sources.otlp_record import OtlpRecord

NAME = "claude_code_metrics"

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
        client=telemetry.CLIENT,
        precedence=5,
        join="link",
        replayable=False,
        gap=True,
        sums=True,
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
    counts = {name: one.counts.get(kind, 0) for kind, name in _CLASSES.items()}
    found = telemetry.GapFiller(NAME, one.key, "", one.occurred_at, counts)
    return telemetry.gap_witness(record, found)
