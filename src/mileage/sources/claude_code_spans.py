"""Claude Code's spans (beta), for sessions that sent no events and left no log.

Recorded with Claude Code 2.1.197: ``claude_code.llm_request`` carries the counts and
the id of the request. Its ``gen_ai.response.id`` holds the id of the request too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.sources import claude_code_telemetry as telemetry
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from mileage.domain.witness import Reading, Rejected, Witness
    from mileage.sources.otlp_record import Facts, OtlpRecord

NAME = "claude_code_spans"

_SPAN = "claude_code.llm_request"
_COUNTS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_tokens": "cache_read",
    "cache_creation_tokens": "cache_write",
}


class ClaudeCodeSpans:
    """Reads ``claude_code.llm_request``."""

    traits = SourceTraits(
        name=NAME,
        client=telemetry.CLIENT,
        precedence=6,
        join="link",
        replayable=False,
        gap=True,
    )
    names: frozenset[str] = frozenset()
    keys = telemetry.KEYS | frozenset(_COUNTS) | {"request_id"}
    span_names = frozenset({_SPAN})
    span_marks: frozenset[str] = frozenset()
    digests: Mapping[str, re.Pattern[str]] = {}

    def wants(self, record: OtlpRecord) -> bool:
        """Tell the span by its name, which nobody else uses."""
        return record.signal == "traces" and record.name == _SPAN

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn spans of requests into witnesses; never raises."""
        return gather(map(_facts, records))


SOURCE = ClaudeCodeSpans()


def _facts(record: OtlpRecord) -> Facts:
    if record.attributes.keys().isdisjoint(_COUNTS):
        # An attempt that failed: the one that followed has a span of its own.
        return ()
    return (_call(record),)


def _call(record: OtlpRecord) -> Witness | Rejected:
    request = record.text("request_id")
    key = request or _span_key(record)
    problem = record.time_problem() or ("" if key else "no request id and no span id")
    if problem or record.occurred_at is None:
        return record.rejected(NAME, problem)
    counts: dict[str, int] = {}
    for sent, name in _COUNTS.items():
        count = record.tally(sent, 0)
        if count is None:
            return record.rejected(NAME, "absurd token counts")
        counts[name] = count
    found = telemetry.GapFiller(NAME, key, request, record.occurred_at, counts)
    return telemetry.gap_witness(record, found)


def _span_key(record: OtlpRecord) -> str:
    span = record.span
    if span is None or not (span.trace_id and span.span_id):
        return ""
    return f"{span.trace_id}:{span.span_id}"
