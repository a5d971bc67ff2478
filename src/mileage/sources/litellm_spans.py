"""Spans that LiteLLM's callback ``otel`` sends of what passes through it.

``genai_spans`` reads them. A gateway's telling is a source of its own: the client
behind it, if that is seen too, knows better whose call it was.
"""

from __future__ import annotations

from mileage.domain.call import SourceTraits
from mileage.sources.otlp_told import ToldElsewhere

SOURCE = ToldElsewhere(
    SourceTraits(
        name="litellm_spans",
        client="litellm",
        precedence=11,
        join="link",
        replayable=False,
        gateway=True,
    )
)
