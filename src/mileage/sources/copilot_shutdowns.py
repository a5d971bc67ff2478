"""Sums that older versions of Copilot's command line tell when a session ends.

``copilot_events`` reads them. They name no response, so nothing that telemetry tells of
the same session can be joined with them: they fill gaps.
"""

from __future__ import annotations

from mileage.domain.call import SourceTraits
from mileage.sources.otlp_told import ToldElsewhere

SOURCE = ToldElsewhere(
    SourceTraits(
        name="copilot_shutdowns",
        client="copilot",
        precedence=5,
        join="link",
        replayable=True,
        gap=True,
        sums=True,
    )
)
