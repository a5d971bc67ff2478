"""Spans that leave all cached tokens in the input, or report no tokens.

``genai_spans`` reads them.
"""

from __future__ import annotations

from mileage.domain.call import SourceTraits
from mileage.sources.otlp_told import ToldElsewhere

SOURCE = ToldElsewhere(
    SourceTraits(
        name="genai_spans_whole",
        client="sdk",
        precedence=13,
        join="link",
        replayable=False,
    )
)
