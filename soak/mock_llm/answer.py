"""What one made-up answer holds."""

from __future__ import annotations

import json
from typing import NamedTuple


class Answer(NamedTuple):
    """One answer, whatever the API that words it."""

    model: str
    number: str
    """24 hex digits; ids are made from it."""
    text: str
    usage: dict[str, int]

    @property
    def prompt(self) -> int:
        """All tokens of the prompt, cached ones included."""
        usage = self.usage
        return usage["input"] + usage["cache_read"] + usage["cache_write"]

    @property
    def written(self) -> int:
        """All that was written, reasoning included."""
        return self.usage["output"] + self.usage["reasoning"]


def event(data: object, name: str = "") -> str:
    """Write one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n"
