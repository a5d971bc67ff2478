"""Gemini CLI's telemetry: ``gemini_cli.api_response`` events are calls.

Its token metrics, its ``gen_ai`` events and its spans repeat the same tokens and are
not counted. The command line with the prompt, which stands in the resource of every
record, is no key that is read.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mileage.domain.call import SourceTraits
from mileage.sources import gemini_cli_events as events
from mileage.sources.otlp_record import gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mileage.domain.witness import Reading
    from mileage.sources.otlp_record import OtlpRecord

NAME = "gemini_cli_otlp"


class GeminiCliOtlp:
    """Reads log events named ``gemini_cli.…``, and the metric of changed lines."""

    traits = SourceTraits(
        name=NAME, client=events.CLIENT, precedence=20, join="counts", replayable=False
    )
    names = events.EVENTS | {events.LINES}
    keys = events.KEYS

    def wants(self, record: OtlpRecord) -> bool:
        """Tell Gemini CLI's records by name, which has the client's prefix."""
        if record.signal == "logs":
            return record.name in events.EVENTS
        return record.signal == "metrics" and record.name == events.LINES

    def read(self, records: Iterable[OtlpRecord]) -> Reading:
        """Turn wanted records into witnesses and activity; never raises."""
        return gather(map(partial(events.facts, source=NAME), records))


SOURCE = GeminiCliOtlp()
