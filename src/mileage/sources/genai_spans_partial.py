"""Spans that tell cached tokens of one kind only: of reads, but not of writes.

``genai_spans`` reads them.
"""

from __future__ import annotations

from mileage.domain.call import SourceTraits
from mileage.sources.otlp_told import ToldElsewhere

SOURCE = ToldElsewhere(
    SourceTraits(
        name="genai_spans_partial",
        client="sdk",
        precedence=14,
        join="link",
        replayable=False,
    )
)
