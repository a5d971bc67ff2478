"""Events of inferences that Copilot in VS Code sends beside its spans.

``copilot_otlp`` reads them.
"""

from __future__ import annotations

from mileage.domain.call import SourceTraits
from mileage.sources.otlp_told import ToldElsewhere

SOURCE = ToldElsewhere(
    SourceTraits(
        name="copilot_inference_events",
        client="copilot",
        precedence=15,
        join="link",
        replayable=False,
    )
)
